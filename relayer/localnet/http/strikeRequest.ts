import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { ApiError } from "../apiError";
import type { Faults } from "../faults";

/** Longer than any client waits, yet bounded, so that a forgotten fault holds no connection for ever. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Applies the faults that strike a whole request. "cut" means: close the connection without an answer. */
export async function strikeRequest(
  faults: Faults,
  target: string,
  request: IncomingMessage,
): Promise<"answer" | "cut"> {
  if (faults.strike("http429", target) !== undefined) {
    throw new ApiError(429, "OVERLOADED", "Ratelimit exceed");
  }
  if (faults.strike("http500", target) !== undefined) {
    throw new ApiError(500, "CHAIN_UNAVAILABLE", "LITE_SERVER_NETWORK: injected fault");
  }
  const timeout = faults.strike("timeout", target);
  if (timeout !== undefined) {
    await wait(timeout.value || DEFAULT_TIMEOUT_MS, request);
    return "cut";
  }
  const delay = faults.strike("delay", target);
  if (delay !== undefined) {
    await wait(delay.value, request);
  }
  return "answer";
}

/** Ends early when the client goes away. */
async function wait(ms: number, request: IncomingMessage): Promise<void> {
  const signal = AbortSignal.timeout(ms);
  await once(request.socket, "close", { signal }).catch(() => undefined);
}
