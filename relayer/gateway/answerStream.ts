import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { Outcome } from "../client";
import { answerHeaders, type PendingAnswer, SSE_HEADERS } from "../client/openai";

/** Passes a stream on as it comes; back-pressure reaches the worker. */
export async function answerStream(reply: FastifyReply, answer: PendingAnswer): Promise<Outcome> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { ...answerHeaders(answer.completion), ...SSE_HEADERS, "x-accel-buffering": "no" });
  raw.flushHeaders();
  return await answer.stream({
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
