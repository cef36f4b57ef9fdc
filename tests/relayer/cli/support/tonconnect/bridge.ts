import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** One message on its way, as a reader of `/events` gets it. */
export interface Letter {
  readonly from: string;
  /** Base64 of nonce and box. */
  readonly message: string;
}

export interface Bridge {
  readonly url: string;
  /** A list of wallet apps in the form of the public one, with one app that is reached over this bridge. */
  readonly walletsUrl: string;
  readonly manifestUrl: string;
  /** What commands have asked of it so far; phones' requests name themselves and are left out. */
  readonly calls: readonly string[];
  /** What a lying bridge does to each letter; undefined passes them on as they are. */
  change: ((letter: Letter, to: string) => Letter) | undefined;
  /** Ends all streams, as a proxy does after its idle time. */
  dropStreams(): void;
  close(): Promise<void>;
}

export const LISTED_APP = { name: "Test Wallet", appName: "testwallet", link: "https://wallet.test/connect" };

/** A bridge of TON Connect: keeps letters for a client until their time is over, and streams them. */
export async function startBridge(): Promise<Bridge> {
  const calls: string[] = [];
  const kept: {
    readonly id: number;
    readonly to: string;
    readonly until: number;
    readonly letter: Letter;
  }[] = [];
  const streams = new Map<ServerResponse, readonly string[]>();
  const write = (response: ServerResponse, id: number, letter: Letter) =>
    response.write(`event: message\nid: ${id}\ndata: ${JSON.stringify(letter)}\n\n`);

  const events = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => {
    const clients = (query.get("client_id") ?? "").split(",");
    const after = Number(request.headers["last-event-id"] ?? query.get("last_event_id") ?? 0);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.write("event: heartbeat\n\n");
    streams.set(response, clients);
    response.on("close", () => streams.delete(response));
    for (const { id, to, until, letter } of kept) {
      if (id > after && clients.includes(to) && until > Date.now()) {
        write(response, id, letter);
      }
    }
  };
  const post = async (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => {
    const [from, to, ttl] = [query.get("client_id"), query.get("to"), Number(query.get("ttl"))];
    const message = await bodyOf(request);
    if (from === null || to === null || !(ttl > 0 && ttl <= 300)) {
      response.writeHead(400).end(JSON.stringify({ statusCode: 400, message: "client_id, to and ttl" }));
      return;
    }
    const sent = { from, message };
    const letter = bridge.change?.(sent, to) ?? sent;
    const id = kept.length + 1;
    kept.push({ id, to, until: Date.now() + ttl * 1_000, letter });
    // Known to the sender before it can be answered.
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ statusCode: 200, message: "OK" }));
    for (const [stream, clients] of streams) {
      if (clients.includes(to)) {
        write(stream, id, letter);
      }
    }
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://bridge");
    if (!searchParams.has("phone")) {
      calls.push(`${request.method} ${pathname}`);
    }
    switch (pathname) {
      case "/bridge/events":
        events(request, response, searchParams);
        return;
      case "/bridge/message":
        void post(request, response, searchParams);
        return;
      case "/wallets.json":
        response.end(JSON.stringify(walletsList(bridge.url)));
        return;
      case "/manifest.json":
        response.end(JSON.stringify({ url: origin, name: "Cocoon", iconUrl: `${origin}/icon.png` }));
        return;
      default:
        response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const bridge: Bridge = {
    url: `${origin}/bridge`,
    walletsUrl: `${origin}/wallets.json`,
    manifestUrl: `${origin}/manifest.json`,
    calls,
    change: undefined,
    dropStreams: () => {
      for (const stream of streams.keys()) {
        stream.destroy();
      }
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return bridge;
}

function walletsList(bridgeUrl: string) {
  return [
    {
      app_name: LISTED_APP.appName,
      name: LISTED_APP.name,
      image: "https://wallet.test/icon.png",
      about_url: "https://wallet.test",
      universal_url: LISTED_APP.link,
      bridge: [{ type: "sse", url: bridgeUrl }],
      platforms: ["ios", "android"],
      features: [{ name: "SendTransaction", maxMessages: 255, extraCurrencySupported: false }],
    },
  ];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString("utf8");
}
