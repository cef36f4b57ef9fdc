import {
  Address,
  beginCell,
  Cell,
  external,
  internal,
  loadStateInit,
  SendMode,
  storeMessage,
  storeStateInit,
} from "@ton/core";
import {
  type AppRequest,
  Base64,
  CONNECT_EVENT_ERROR_CODES,
  type ConnectRequest,
  hexToByteArray,
  type RpcMethod,
  SEND_TRANSACTION_ERROR_CODES,
  SessionCrypto,
} from "@tonconnect/protocol";
import { z } from "zod";
import type { ChainReader, Wallet } from "../../../../../relayer/chain";
import type { Bridge } from "./bridge";

/** What the person does with what is asked. */
export type Mood = "confirm" | "reject" | "ignore" | "confirm without sending" | "confirm late";

const requestSchema = z.object({
  valid_until: z.number(),
  network: z.string(),
  from: z.string(),
  messages: z
    .array(
      z.object({
        address: z.string(),
        amount: z.string(),
        payload: z.string().optional(),
        stateInit: z.string().optional(),
      }),
    )
    .min(1),
});
export type Asked = z.infer<typeof requestSchema>;

export interface Phone {
  mood: Mood;
  /** What it was asked to send, in order. */
  readonly asked: readonly Asked[];
  /** The link that it scanned, and what it calls itself to the bridge since then. */
  readonly link: string;
  readonly sessionId: string | undefined;
  /** A message of a wallet that nobody has sent to the chain. */
  signElsewhere(): Promise<Buffer>;
  /** How often an app has taken its leave. */
  readonly farewells: readonly string[];
  /** Takes a link as if it was scanned. Throws where a wallet app would not know what to do with it. */
  scan(link: string): Promise<void>;
  /** The same with an answer that refuses the connection. */
  refuse(link: string): Promise<void>;
  /** Ends the connection from the phone's side. */
  disconnect(): Promise<void>;
  /** Sends the answers that "confirm late" has kept. */
  answerNow(): Promise<void>;
  close(): void;
}

/** A wallet app with a V5R1 wallet: real keys, real transactions, the protocol's own box. */
export function createPhone(deps: {
  readonly bridge: Bridge;
  readonly reader: ChainReader;
  readonly wallet: Wallet;
  /** The chain id that it tells. */
  readonly network: string;
}): Phone {
  const { bridge, reader, wallet } = deps;
  const asked: Asked[] = [];
  const farewells: string[] = [];
  const late: (() => Promise<void>)[] = [];
  const stop = new AbortController();
  let session: { readonly crypto: SessionCrypto; readonly app: string } | undefined;
  // Ever higher over all connections, as apps do it.
  let eventId = Date.now();
  let scanned = "";

  const tell = async (message: object) => {
    const { crypto, app } = needed(session);
    const box = crypto.encrypt(JSON.stringify(message), hexToByteArray(app));
    const query = new URLSearchParams({ client_id: crypto.sessionId, to: app, ttl: "300", phone: "" });
    const answer = await fetch(`${bridge.url}/message?${query}`, {
      method: "POST",
      body: Base64.encode(box),
    });
    if (!answer.ok) {
      throw new Error(`The bridge refused a message: ${answer.status}`);
    }
  };
  const event = (name: string, payload: object) => tell({ event: name, id: ++eventId, payload });

  const open = async (link: string) => {
    scanned = link;
    const { app, request } = readLink(link);
    const manifest = await fetch(request.manifestUrl).then((response) => response.json());
    z.object({ url: z.url(), name: z.string().min(1), iconUrl: z.url() }).parse(manifest);
    session = { crypto: new SessionCrypto(), app };
    await listen(bridge, session.crypto.sessionId, stop.signal, (from, box) => {
      // What the box refuses is no request: a wallet app leaves it alone.
      const { crypto } = needed(session);
      let text: string;
      try {
        text = crypto.decrypt(Base64.decode(box).toUint8Array(), hexToByteArray(from));
      } catch {
        return;
      }
      void handle(JSON.parse(text));
    });
  };

  const handle = async (request: AppRequest<RpcMethod>) => {
    const { id } = request;
    if (request.method === "disconnect") {
      farewells.push(id);
      await tell({ id, result: {} });
      return;
    }
    const refuse = (code: number, message: string) => tell({ id, error: { code, message } });
    if (request.method !== "sendTransaction") {
      await refuse(SEND_TRANSACTION_ERROR_CODES.METHOD_NOT_SUPPORTED, "not supported");
      return;
    }
    const transaction = requestSchema.parse(JSON.parse(request.params[0]));
    asked.push(transaction);
    const isMine =
      transaction.network === deps.network && Address.parse(transaction.from).equals(wallet.address);
    switch (phone.mood) {
      case "ignore":
        return;
      case "reject":
        await refuse(SEND_TRANSACTION_ERROR_CODES.USER_REJECTS_ERROR, "no");
        return;
      default:
    }
    if (!isMine) {
      await refuse(SEND_TRANSACTION_ERROR_CODES.BAD_REQUEST_ERROR, "another network or wallet");
      return;
    }
    const answer = async () => {
      const boc = await signed(transaction, deps);
      if (phone.mood !== "confirm without sending") {
        await reader.sendBoc(boc).catch(() => undefined); // the chain takes nothing that is too old
      }
      await tell({ id, result: boc.toString("base64") });
    };
    if (phone.mood === "confirm late") {
      late.push(answer);
    } else {
      await answer();
    }
  };

  const phone: Phone = {
    mood: "confirm",
    asked,
    farewells,
    get link() {
      return scanned;
    },
    get sessionId() {
      return session?.crypto.sessionId;
    },
    signElsewhere: () =>
      signed(
        {
          ...{ valid_until: 2 ** 32 - 1, network: deps.network, from: wallet.address.toRawString() },
          messages: [{ address: wallet.address.toString(), amount: "1" }],
        },
        deps,
      ),
    scan: async (link) => {
      await open(link);
      await event("connect", { items: [account(wallet, deps.network)], device: DEVICE });
    },
    refuse: async (link) => {
      await open(link);
      await event("connect_error", { code: CONNECT_EVENT_ERROR_CODES.USER_REJECTS_ERROR, message: "no" });
    },
    disconnect: () => event("disconnect", {}),
    answerNow: async () => {
      await Promise.all(late.splice(0).map((answer) => answer()));
    },
    close: () => stop.abort(),
  };
  return phone;
}

const DEVICE = {
  platform: "iphone",
  // With a bell, which no terminal is to ring.
  appName: "Test Wallet\u0007",
  appVersion: "1.0.0",
  maxProtocolVersion: 2,
  features: ["SendTransaction", { name: "SendTransaction", maxMessages: 255 }],
};

function account(wallet: Wallet, network: string) {
  const init = beginCell().store(storeStateInit(wallet.contract.init)).endCell();
  return {
    name: "ton_addr",
    address: wallet.address.toRawString(),
    network,
    publicKey: wallet.publicKey.toString("hex"),
    walletStateInit: init.toBoc().toString("base64"),
  };
}

function readLink(link: string): { readonly app: string; readonly request: ConnectRequest } {
  const query = new URL(link).searchParams;
  const app = z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .parse(query.get("id"));
  z.literal("2").parse(query.get("v"));
  const items = z.array(z.object({ name: z.literal("ton_addr") }));
  const request = z.object({ manifestUrl: z.url(), items }).parse(JSON.parse(query.get("r") ?? ""));
  return { app, request };
}

async function signed(
  { valid_until, messages }: Asked,
  { wallet, reader }: { readonly wallet: Wallet; readonly reader: ChainReader },
): Promise<Buffer> {
  const active = (await reader.account(wallet.address)).state === "active";
  const transfer = await wallet.contract.createTransfer({
    seqno: active ? (await reader.runGetMethod(wallet.address, "seqno", [])).readNumber() : 0,
    timeout: valid_until,
    sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
    signer: (message) => wallet.sign(message),
    messages: messages.map(({ address, amount, payload, stateInit }) => {
      const to = Address.parseFriendly(address);
      return internal({
        to: to.address,
        value: BigInt(amount),
        bounce: to.isBounceable,
        init: stateInit === undefined ? undefined : loadStateInit(Cell.fromBase64(stateInit).beginParse()),
        body: payload === undefined ? undefined : Cell.fromBase64(payload),
      });
    }),
  });
  const init = active ? undefined : wallet.contract.init;
  const message = external({ to: wallet.address, init, body: transfer });
  return beginCell().store(storeMessage(message)).endCell().toBoc();
}

/** Returns when the stream is open; reads it until it is stopped. */
async function listen(
  bridge: Bridge,
  client: string,
  signal: AbortSignal,
  take: (from: string, message: string) => void,
): Promise<void> {
  let last = "0";
  const once = async (opened: () => void) => {
    const query = new URLSearchParams({ client_id: client, last_event_id: last, phone: "" });
    const response = await fetch(`${bridge.url}/events?${query}`, { signal });
    opened();
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const parts = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(part)?.[1];
        const data = field("data");
        if (data !== undefined) {
          last = field("id") ?? last;
          const letter = z.object({ from: z.string(), message: z.string() }).parse(JSON.parse(data));
          take(letter.from, letter.message);
        }
      }
    }
  };
  await new Promise<void>((resolve) => {
    void (async () => {
      while (!signal.aborted) {
        await once(resolve).catch(() => undefined); // cut off: opened again, from the last letter on
      }
    })();
  });
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("The phone has not scanned anything.");
  }
  return value;
}
