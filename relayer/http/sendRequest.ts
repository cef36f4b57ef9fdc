import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

/** Bytes that may wait for a slow reader before the sender is told to wait. */
const MAX_WAITING_BYTES = 256 * 1024;

/** An answer whose head has come. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** The next bytes, undefined at the end; one call at a time. Throws what broke the answer. */
  next(): Promise<Buffer | undefined>;
  /** Ends the exchange; `next` throws the reason once it has given what had come. */
  abort(reason: Error): void;
}

export interface SentRequest {
  readonly answer: Promise<HttpAnswer>;
  /** The same, also before there is an answer. */
  abort(reason: Error): void;
}

interface Reader {
  readonly resolve: (bytes: Buffer | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Sends a request and hands its answer out in pieces, with back-pressure. undici's own `request` makes a stream, its
 * iterator and an abort signal for each call, which cost more than the exchange itself.
 */
export function sendRequest(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions): SentRequest {
  let controller: Dispatcher.DispatchController | undefined;
  let aborted: Error | undefined;
  const body = createBody(() => controller);
  let resolve: (answer: HttpAnswer) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const answer = new Promise<HttpAnswer>((...settle) => {
    [resolve, reject] = settle;
  });
  const fail = (error: Error) => {
    reject(error);
    body.fail(error);
  };
  const abort = (reason: Error) => {
    aborted ??= reason;
    if (controller === undefined) {
      fail(reason); // it still waits for a connection
    } else {
      controller.abort(reason);
    }
  };
  dispatcher.dispatch(options, {
    onRequestStart(started) {
      controller = started;
      if (aborted !== undefined) {
        started.abort(aborted);
      }
    },
    onResponseStart: (_controller, statusCode, headers) =>
      resolve({ statusCode, headers, next: body.next, abort }),
    onResponseData: (_controller, chunk) => body.push(chunk),
    onResponseEnd: () => body.end(),
    onResponseError: (_controller, error) => fail(error),
  });
  return { answer, abort };
}

/** What has come and was not read yet, or who waits for it. */
function createBody(controller: () => Dispatcher.DispatchController | undefined) {
  let chunks: Buffer[] = [];
  let waitingBytes = 0;
  let reader: Reader | undefined;
  let end: { readonly error: Error | undefined } | undefined;
  const take = (): Reader | undefined => {
    const taken = reader;
    reader = undefined;
    return taken;
  };
  const close = (error: Error | undefined) => {
    end ??= { error };
    const waiting = take();
    if (error === undefined) {
      waiting?.resolve(undefined);
    } else {
      waiting?.reject(error);
    }
  };
  return {
    push: (chunk: Buffer) => {
      const waiting = take();
      if (waiting !== undefined) {
        waiting.resolve(chunk);
        return;
      }
      chunks.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes > MAX_WAITING_BYTES) {
        controller()?.pause();
      }
    },
    end: () => close(undefined),
    fail: close,
    next: (): Promise<Buffer | undefined> => {
      if (chunks.length > 0) {
        const [only] = chunks;
        const bytes = only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, waitingBytes);
        chunks = [];
        if (waitingBytes > MAX_WAITING_BYTES) {
          controller()?.resume();
        }
        waitingBytes = 0;
        return Promise.resolve(bytes);
      }
      if (end !== undefined) {
        return end.error === undefined ? Promise.resolve(undefined) : Promise.reject(end.error);
      }
      return new Promise((resolve, reject) => {
        reader = { resolve, reject };
      });
    },
  };
}
