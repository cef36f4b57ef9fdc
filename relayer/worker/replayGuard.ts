import { FinalError, RetryableError } from "../errors";
import { MAX_REQUEST_LIFE_SECONDS, type RequestHeader, toHex } from "../protocol";

/** Some 100 MB; at 120 s each this is 4,000 requests a second. */
const MAX_REMEMBERED = 500_000;

/** Remembers each request that was let in until it has expired by itself. */
export interface ReplayGuard {
  /** Throws `SEALED_REPLAYED`, or `OVERLOADED` when no more can be remembered. */
  refuseRepeat(header: RequestHeader, nowSeconds: number): void;
  remember(header: RequestHeader): void;
}

export function createReplayGuard(): ReplayGuard {
  // By the second of expiry, so that forgetting is one deletion a second.
  const seen = new Map<number, Set<string>>();
  let count = 0;
  let sweptAt = 0;

  const sweep = (nowSeconds: number): void => {
    if (nowSeconds <= sweptAt) {
      return;
    }
    sweptAt = nowSeconds;
    for (const [expiresAt, keys] of seen) {
      if (expiresAt <= nowSeconds) {
        count -= keys.size;
        seen.delete(expiresAt);
      }
    }
  };

  return {
    refuseRepeat(header, nowSeconds) {
      sweep(nowSeconds);
      if (seen.get(header.expiresAt)?.has(keyOf(header)) === true) {
        throw new FinalError("SEALED_REPLAYED", "The worker has seen this request before.");
      }
      if (count >= MAX_REMEMBERED) {
        throw new RetryableError("OVERLOADED", "The worker remembers too many requests.", {
          seconds: MAX_REQUEST_LIFE_SECONDS,
        });
      }
    },
    remember(header) {
      const keys = seen.get(header.expiresAt) ?? new Set();
      seen.set(header.expiresAt, keys);
      keys.add(keyOf(header));
      count += 1;
    },
  };
}

// The header is covered by the signature, so a repeat under another expiry is another authorised request.
function keyOf(header: RequestHeader): string {
  return toHex(header.requestId) + toHex(header.enc);
}
