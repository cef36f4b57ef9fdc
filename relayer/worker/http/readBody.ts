import type { IncomingMessage } from "node:http";
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
