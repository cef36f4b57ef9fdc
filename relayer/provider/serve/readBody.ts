import type { IncomingMessage } from "node:http";
import { FinalError, RetryableError } from "../../errors";

/** The whole body, at most `maxBytes`, within `timeoutMs`. */
export function readBody(
  request: IncomingMessage,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const leave = () => {
      clearTimeout(timer);
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("close", onClose);
      request.off("error", onClose);
    };
    const fail = (error: Error) => {
      leave();
      request.pause();
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.maxBytes) {
        fail(
          new FinalError("BODY_TOO_LARGE", "The body is larger than this endpoint takes.", {
            maxBytes: limits.maxBytes,
          }),
        );
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = () => {
      leave();
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, size));
    };
    const onClose = () =>
      fail(new RetryableError("CLIENT_CLOSED", "The client left before its body was complete."));
    const timer = setTimeout(
      () => fail(new RetryableError("TIMEOUT", "The body did not arrive in time.")),
      limits.timeoutMs,
    );
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("close", onClose);
    request.on("error", onClose);
  });
}
