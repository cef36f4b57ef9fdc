import { toCocoonError } from "../../errors";
import type { Completion } from "../createClient";
import type { Outcome } from "../readAnswer";
import type { CocoonField } from "./augment";
import { toHttpError } from "./errorBody";
import { createStreamFilter } from "./streamFilter";

/** An answer to be told, and what is added to it once it is over. */
export interface ToldAnswer {
  readonly completion: Completion;
  cocoonOf(outcome: Outcome): CocoonField;
}

/** Where a stream goes. */
export interface StreamSink {
  /** A promise while the reader is slow; the worker waits for it. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  end(text: string): void;
  /** The reader has gone: nothing more is told to it. */
  isGone(): boolean;
}

export const SSE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
} as const;

/** The receipt's and the job's names, beside every answer. */
export function answerHeaders(completion: Pick<Completion, "requestId" | "job" | "provider">) {
  return {
    "cocoon-receipt": completion.requestId,
    "cocoon-job": completion.job,
    "cocoon-provider": completion.provider,
  };
}

/**
 * Passes a stream on as it comes. It ends with `[DONE]` after a checked receipt, or with an error event before it. Rethrows the
 * failure for the log once the reader has been told.
 */
export async function streamAnswer(
  { completion, cocoonOf }: ToldAnswer,
  options: Parameters<typeof createStreamFilter>[0],
  sink: StreamSink,
): Promise<Outcome> {
  const filter = createStreamFilter(options);
  try {
    const outcome = await completion.read((payload) => {
      const bytes = filter.push(payload);
      return bytes === undefined ? undefined : sink.write(bytes);
    });
    sink.end(filter.finish(cocoonOf(outcome)));
    return outcome;
  } catch (thrown) {
    if (!sink.isGone()) {
      const { body } = toHttpError(toCocoonError(thrown));
      sink.end(`data: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`);
    }
    throw thrown;
  }
}
