import type { PendingAnswer } from "../openai";

/**
 * An answer's stream as a response body. A slow reader slows the worker; a cancel or an abort stops the generation, and
 * an abort also fails the reading, as it does with the real `fetch`.
 */
export function streamBody(
  answer: PendingAnswer,
  options: {
    readonly signal: AbortSignal;
    readonly onCancel: () => void;
  },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isGone = false;
  let proceed = () => {};
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      const leave = () => {
        isGone = true;
        proceed();
      };
      const onAbort = () => {
        leave();
        controller.error(options.signal.reason);
      };
      options.signal.addEventListener("abort", onAbort, { once: true });
      const sink = {
        write: (bytes: Uint8Array) => {
          if (isGone) {
            return undefined;
          }
          controller.enqueue(bytes);
          return (controller.desiredSize ?? 1) > 0
            ? undefined
            : new Promise<void>((resolve) => {
                proceed = resolve;
              });
        },
        end: (text: string) => {
          if (!isGone) {
            controller.enqueue(encoder.encode(text));
            controller.close();
          }
        },
        isGone: () => isGone,
      };
      // A failure has been told in the stream, or its reader has gone.
      void answer
        .stream(sink)
        .catch(() => undefined)
        .finally(() => options.signal.removeEventListener("abort", onAbort));
    },
    pull: () => proceed(),
    cancel: () => {
      isGone = true;
      proceed();
      options.onCancel();
    },
  });
}
