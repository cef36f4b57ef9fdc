import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { type ErrorCode, FinalError } from "../../errors";

/** The whole body. Throws `code` above `limit` bytes, `CLIENT_CLOSED` when the client goes away before its end. */
export function readBody(
  request: IncomingMessage,
  limit: number,
  code: Extract<ErrorCode, "BODY_TOO_LARGE" | "SEALED_TOO_LARGE">,
): Promise<Buffer> {
  const tooLarge = (): FinalError => new FinalError(code, "The request is larger than allowed.", { limit });
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        request.pause();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.on("end", () => {
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length));
    });
    request.on("error", reject);
    request.on("close", () => {
      // After a whole body this event is the normal end, and an error costs a stack trace.
      if (!request.complete) {
        reject(new FinalError("CLIENT_CLOSED", "The client closed its request."));
      }
    });
  });
}

/** The whole body as JSON of this shape. Throws `BAD_REQUEST`, `BODY_TOO_LARGE` above `limit` bytes. */
export async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>, limit: number): Promise<T> {
  const bytes = await readBody(request, limit, "BODY_TOO_LARGE");
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The request is not JSON.", {}, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new FinalError("BAD_REQUEST", `The request is not valid: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
