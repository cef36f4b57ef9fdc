import { type Dispatcher, request } from "undici";
import { z } from "zod";
import { RetryableError } from "../../errors";

/** A quote with GPU evidence has some hundred KiB. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** A short JSON call to a worker or attestor, bounded in time and size. Failures are `WORKER_UNAVAILABLE`. */
export async function callJson<T>(
  call: {
    readonly dispatcher: Dispatcher;
    readonly url: string;
    readonly method: "GET" | "POST" | "PUT";
    readonly body?: unknown;
    readonly timeoutMs: number;
    readonly maxBytes?: number;
  },
  schema: z.ZodType<T>,
): Promise<T> {
  const { url, method, timeoutMs, maxBytes = MAX_ANSWER_BYTES } = call;
  try {
    const response = await request(url, {
      method,
      dispatcher: call.dispatcher,
      signal: AbortSignal.timeout(timeoutMs),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(call.body === undefined
        ? {}
        : { body: JSON.stringify(call.body), headers: { "content-type": "application/json" } }),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maxBytes) {
        throw new Error("the answer is too large");
      }
      chunks.push(bytes);
    }
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw new Error(`status ${response.statusCode}`);
    }
    const text = Buffer.concat(chunks).toString();
    return schema.parse(text === "" ? {} : JSON.parse(text));
  } catch (cause) {
    const detail = cause instanceof z.ZodError ? "the answer has another shape" : String(cause);
    throw new RetryableError(
      "WORKER_UNAVAILABLE",
      `${method} ${new URL(url).pathname} failed: ${detail}.`,
      { url },
      { cause },
    );
  }
}
