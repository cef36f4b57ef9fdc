import { createServer, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { request } from "undici";
import {
  createFrameSplitter,
  FRAME_HEAD_BYTES,
  FRAME_KINDS,
  type SplitFrame,
  writeFrameHead,
} from "../../../../relayer/protocol";

/** What the man in the middle makes of a frame: other bytes, nothing, a broken connection, or silence from then on. */
export type Tamper = (frame: SplitFrame, index: number) => Uint8Array | "drop" | "break" | "stall";

/** What it says itself instead of passing a request on; undefined passes it. */
export type Reply = (
  path: string,
) => { readonly status: number; readonly body: unknown } | "break" | undefined;

export interface TamperProxy {
  readonly url: string;
  tamper: Tamper | undefined;
  reply: Reply | undefined;
  /** The worker behind it; a test exchanges it for a restarted one. */
  target: string;
  /** Where sealed requests go instead: past a relayer, which would not pass everything on. */
  sealedTarget: string | undefined;
  /** Sealed requests that reached the worker. */
  sealed: number;
  close(): Promise<void>;
}

/** Stands before a worker or a relayer, so that a test can be the one that lies, refuses, dies or falls silent. */
export async function startTamperProxy(target: string): Promise<TamperProxy> {
  const server = createServer((incoming, response) => {
    pass(
      incoming.url ?? "",
      incoming.method === "POST" ? "POST" : incoming.method === "PUT" ? "PUT" : "GET",
    ).catch(() => response.destroy());
    async function pass(path: string, method: "GET" | "POST" | "PUT") {
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(incoming.headers)) {
        if (name.startsWith("cocoon-") || name === "content-type") {
          headers[name] = String(value);
        }
      }
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) {
        chunks.push(Buffer.from(chunk));
      }
      const isSealed = path === "/v1/sealed";
      const own = proxy.reply?.(path);
      if (own === "break") {
        response.destroy();
        return;
      }
      if (own !== undefined) {
        response.writeHead(own.status, { "content-type": "application/json" });
        response.end(JSON.stringify(own.body));
        return;
      }
      proxy.sealed += isSealed ? 1 : 0;
      // Whoever goes before anything was said is gone for what is behind, too.
      const gone = new AbortController();
      const onClose = () => gone.abort();
      response.once("close", onClose);
      const target = (isSealed ? proxy.sealedTarget : undefined) ?? proxy.target;
      const answer = await request(`${target}${path}`, {
        method,
        signal: gone.signal,
        headers,
        ...(method === "GET" ? {} : { body: Buffer.concat(chunks) }),
      });
      response.off("close", onClose);
      response.writeHead(answer.statusCode, { "content-type": String(answer.headers["content-type"]) });
      if (isSealed && answer.statusCode === 200 && proxy.tamper !== undefined) {
        await passTampered(answer.body, response, proxy.tamper);
        return;
      }
      for await (const chunk of answer.body) {
        response.write(chunk);
      }
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const proxy: TamperProxy = {
    url: `http://127.0.0.1:${port}`,
    tamper: undefined,
    reply: undefined,
    target,
    sealedTarget: undefined,
    sealed: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

async function passTampered(
  body: AsyncIterable<unknown>,
  response: ServerResponse,
  tamper: Tamper,
): Promise<void> {
  const splitter = createFrameSplitter();
  let index = 0;
  for await (const chunk of body) {
    for (const frame of splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))) {
      const made = tamper(frame, index);
      index += 1;
      if (made === "break") {
        // What was written before must arrive first.
        await pause(50);
        response.destroy();
        return;
      }
      if (made === "stall") {
        return;
      }
      if (made !== "drop") {
        response.write(made);
      }
    }
  }
  response.end();
}

/** The record frame with other JSON in it. */
export function recordFrame(json: string): Uint8Array {
  const text = Buffer.from(json);
  const out = new Uint8Array(FRAME_HEAD_BYTES + text.length);
  writeFrameHead(out, 0, text.length, FRAME_KINDS.record);
  out.set(text, FRAME_HEAD_BYTES);
  return out;
}
