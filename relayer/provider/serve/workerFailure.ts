import { z } from "zod";
import { type CocoonError, ERROR_CODES, FinalError, RetryableError } from "../../errors";

/** An error body of a worker; more is not kept. */
const MAX_ERROR_BYTES = 16 * 1024;

const errorSchema = z.object({
  error: z.object({ code: z.enum(ERROR_CODES), message: z.string().max(1_000) }),
});

/** Collects a worker's error answer; one of ours is passed on as it is. */
export function createRefusal(): { push(chunk: Buffer): void; toError(status: number): CocoonError } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    push(chunk) {
      size += chunk.length;
      if (size <= MAX_ERROR_BYTES) {
        chunks.push(Buffer.from(chunk));
      }
    },
    toError(status) {
      try {
        const { code, message } = errorSchema.parse(JSON.parse(Buffer.concat(chunks).toString())).error;
        return status >= 500 || status === 421 || status === 429
          ? new RetryableError(code, message)
          : new FinalError(code, message);
      } catch (cause) {
        return new RetryableError(
          "WORKER_UNAVAILABLE",
          "The worker refused without a reason.",
          { status },
          { cause },
        );
      }
    },
  };
}

export function timedOut(cause?: unknown): RetryableError {
  return new RetryableError("TIMEOUT", "The answer took too long: it was given up.", {}, { cause });
}

export function broken(cause: unknown): RetryableError {
  return new RetryableError(
    "WORKER_UNAVAILABLE",
    "The connection to the worker broke: use another one.",
    {},
    { cause },
  );
}
