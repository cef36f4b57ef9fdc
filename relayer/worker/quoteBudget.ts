import { RetryableError } from "../errors";
import type { Clock } from "../observe/clock";

/** A quote takes the TEE some 50 ms, so that this many a second are a tenth of one core. */
const QUOTES_PER_SECOND = 2;
const BURST = 10;

export interface QuoteBudget {
  /** Takes one quote; throws `OVERLOADED` when too many were asked for. */
  take(): void;
}

export function createQuoteBudget(clock: Clock): QuoteBudget {
  let left = BURST;
  let countedMs = clock.nowMs();
  return {
    take() {
      const nowMs = clock.nowMs();
      left = Math.min(BURST, left + (Math.max(0, nowMs - countedMs) / 1000) * QUOTES_PER_SECOND);
      countedMs = nowMs;
      if (left < 1) {
        throw new RetryableError("OVERLOADED", "Too many quotes were asked for: try again in a second.");
      }
      left -= 1;
    },
  };
}
