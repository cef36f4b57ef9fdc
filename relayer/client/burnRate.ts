/** How fast a job's budget is used up, lately. */
export interface BurnRate {
  /** Tells what was spent in all, by now. */
  sample(spentNano: bigint, nowMs: number): void;
  /** Nanoton an hour. */
  nanoPerHour(): bigint;
  /** When `freeNano` will be used up at this rate, in ms; undefined when nothing is being spent. */
  emptyAtMs(freeNano: bigint, nowMs: number): number | undefined;
}

/** What was spent this long ago counts half. */
const HALF_LIFE_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
/** Slower than this is standing still: a year and more ahead nothing can be foretold. */
const HORIZON_MS = 365 * 24 * HOUR_MS;

export function createBurnRate(): BurnRate {
  let last: { readonly spentNano: bigint; readonly atMs: number } | undefined;
  let perMs = 0;
  return {
    sample: (spentNano, nowMs) => {
      const spanMs = nowMs - (last?.atMs ?? nowMs);
      if (last !== undefined && spanMs > 0) {
        const kept = 0.5 ** (spanMs / HALF_LIFE_MS);
        const now = Math.max(0, Number(spentNano - last.spentNano)) / spanMs;
        perMs = perMs * kept + now * (1 - kept);
      }
      if (last === undefined || spanMs > 0) {
        last = { spentNano, atMs: nowMs };
      }
    },
    nanoPerHour: () => BigInt(Math.round(perMs * HOUR_MS)),
    emptyAtMs: (freeNano, nowMs) => {
      const leftMs = Number(freeNano < 0n ? 0n : freeNano) / perMs;
      return leftMs < HORIZON_MS ? Math.round(nowMs + leftMs) : undefined;
    },
  };
}
