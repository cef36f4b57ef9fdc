import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { Completion, Outcome } from "../client";
import { answerHeaders, SSE_HEADERS, streamAnswer } from "../client/openai";

/** Passes a stream on as it comes; back-pressure reaches the worker. */
export async function answerStream(
  reply: FastifyReply,
  completion: Completion,
  options: { readonly includeUsage: boolean },
): Promise<Outcome> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { ...answerHeaders(completion), ...SSE_HEADERS, "x-accel-buffering": "no" });
  raw.flushHeaders();
  return await streamAnswer(completion, options, {
    write: (bytes) => (raw.write(bytes) ? undefined : drained(raw)),
    end: (text) => raw.end(text),
    isGone: () => raw.destroyed,
  });
}

/** Also ends when the client goes away: the abort that follows ends the reading. */
function drained(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      raw.off("drain", done);
      raw.off("close", done);
      resolve();
    };
    raw.once("drain", done);
    raw.once("close", done);
  });
}
