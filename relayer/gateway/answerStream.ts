import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { Completion, Outcome } from "../client";
import { toCocoonError } from "../errors";
import { cocoonField } from "./augment";
import { toHttpError } from "./errorBody";
import { createStreamFilter } from "./streamFilter";

/**
 * Passes a stream on as it comes; back-pressure reaches the worker. It ends with `[DONE]` after a checked receipt, or
 * with an error event. Rethrows the failure for the log once the client has been told.
 */
export async function answerStream(
  reply: FastifyReply,
  completion: Completion,
  options: { readonly includeUsage: boolean; readonly headers: Readonly<Record<string, string>> },
): Promise<Outcome> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...options.headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  });
  raw.flushHeaders();
  const filter = createStreamFilter(options);
  try {
    const outcome = await completion.read((payload) => {
      const bytes = filter.push(payload);
      return bytes === undefined || raw.write(bytes) ? undefined : drained(raw);
    });
    raw.end(filter.finish(cocoonField(completion, outcome)));
    return outcome;
  } catch (thrown) {
    if (!raw.destroyed) {
      const { body } = toHttpError(toCocoonError(thrown));
      raw.end(`data: ${JSON.stringify(body)}\n\n`);
    }
    throw thrown;
  }
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
