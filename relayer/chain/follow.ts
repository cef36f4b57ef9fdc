import type { Address } from "@ton/core";
import { toCocoonError } from "../errors";
import { catchUp, type FollowDeps, type Step } from "./catchUp";
import type { TransactionPoint } from "./reader";

const DEFAULT_POLL_MS = 1_000;
const RETRY = { minDelayMs: 500, maxDelayMs: 30_000, multiplier: 2 } as const;

export interface FollowOptions {
  readonly account: Address;
  readonly cursor: TransactionPoint;
  readonly signal?: AbortSignal;
  /** How long to wait for a doorbell before looking again. */
  readonly pollMs?: number;
}

/**
 * An account's transactions from the cursor on, oldest first, each once, without end until `signal`. Outages and gaps are
 * logged and waited out: an event is late, never lost.
 */
export async function* follow(deps: FollowDeps, options: FollowOptions): AsyncGenerator<Step, void> {
  const { account, signal } = options;
  const bell = createBell();
  const stopListening = deps.reader.wake([account], bell.ring);
  signal?.addEventListener("abort", bell.ring);
  const stopped = () => signal?.aborted === true;
  let cursor = options.cursor;
  let retryMs: number = RETRY.minDelayMs;
  try {
    while (!stopped()) {
      const steps = catchUp(deps, { account, cursor });
      for (;;) {
        const next = await steps.next().catch((error: unknown) => {
          const { code, message } = toCocoonError(error);
          deps.log.error({
            msg: "account not followed",
            account: account.toRawString(),
            code,
            detail: message,
          });
          return undefined;
        });
        if (next === undefined) {
          await bell.wait(retryMs);
          retryMs = Math.min(retryMs * RETRY.multiplier, RETRY.maxDelayMs);
          break;
        }
        retryMs = RETRY.minDelayMs;
        if (next.done === true) {
          await bell.wait(options.pollMs ?? DEFAULT_POLL_MS);
          break;
        }
        cursor = next.value.to;
        yield next.value;
        if (stopped()) {
          return;
        }
      }
    }
  } finally {
    signal?.removeEventListener("abort", bell.ring);
    stopListening();
  }
}

/** A wait that a ring ends early; a ring while nobody waits counts for the next wait. */
function createBell() {
  let rung = false;
  let wakeUp: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      wakeUp?.();
    },
    wait: async (ms: number) => {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
      wakeUp = undefined;
    },
  };
}
