import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the backend does with the next calls; the body that it got is at hand. */
export type Script = (body: Record<string, unknown>, response: ServerResponse) => void | Promise<void>;

export interface ScriptedBackend {
  readonly url: string;
  /** Bodies that arrived, oldest first. */
  readonly bodies: Record<string, unknown>[];
  script: Script;
  /** Calls whose client went away before the end. */
  abandoned(): number;
  close(): Promise<void>;
}

export const USAGE = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 };

export function event(fields: object): string {
  return `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "m", ...fields })}\n\n`;
}

export function delta(content: string, finish: string | null = null): string {
  return event({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
}

export const WHOLE_ANSWER = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "secret answer" }, finish_reason: "stop" }],
  usage: USAGE,
});

export const answerWhole: Script = (body, response) => {
  if (body.stream === true) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(delta("secret"));
    response.write(delta(" ans"));
    response.write(delta("wer", "stop"));
    response.write(event({ choices: [], usage: USAGE }));
    response.end("data: [DONE]\n\n");
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(WHOLE_ANSWER);
};

/** A real HTTP server that behaves as its script says; `/v1/models` always answers. */
export async function startScriptedBackend(): Promise<ScriptedBackend> {
  const bodies: Record<string, unknown>[] = [];
  let abandoned = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/v1/models") {
        response.end("{}");
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>; // our own worker's JSON
      if (request.url === "/tokenize") {
        response.end(JSON.stringify({ count: 10 }));
        return;
      }
      bodies.push(body);
      response.on("close", () => {
        abandoned += response.writableFinished ? 0 : 1;
      });
      void backend.script(body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo; // a TCP server's address is never a string
  const backend: ScriptedBackend = {
    url: `http://127.0.0.1:${address.port}/v1`,
    bodies,
    script: answerWhole,
    abandoned: () => abandoned,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return backend;
}
