import { createServer } from "node:http";

export interface Received {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An HTTP server that takes notices, as a webhook's or Telegram's would. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** What it answers; a test may let it fail. */
  status: number;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(Buffer.from(chunk));
    }
    if (receiver.status === 200) {
      received.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) });
    }
    response.writeHead(receiver.status, { "content-type": "application/json" });
    response.end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    received,
    status: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
