import { setTimeout as pause } from "node:timers/promises";
import { FinalError, toCocoonError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";

/** US dollars for one TON; undefined while none is known. */
export interface UsdRate {
  now(): number | undefined;
  /** Keeps a rate from a URL fresh until `signal`. */
  run(signal: AbortSignal): Promise<void>;
}

/** A number, or where one is found: JSON with a field `usd` of any spelling and depth, as price services give it. */
export type UsdSource = { readonly usdPerTon: number } | { readonly url: string };

const REFRESH_MS = 5 * 60_000;
/** A rate older than this is told to nobody. */
const MAX_AGE_MS = 60 * 60_000;
const TIMEOUT_MS = 10_000;
const MAX_DEPTH = 6;

export function createUsdRate(
  deps: { readonly clock: Clock; readonly log: Log },
  source: UsdSource | undefined,
): UsdRate {
  if (source === undefined || "usdPerTon" in source) {
    return { now: () => source?.usdPerTon, run: async () => {} };
  }
  let known: { readonly rate: number; readonly atMs: number } | undefined;
  const refresh = async (signal: AbortSignal): Promise<void> => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const answer = await fetch(source.url, { headers: { accept: "application/json" }, signal: limit });
      const rate = findUsd(await answer.json(), MAX_DEPTH);
      if (!answer.ok || rate === undefined) {
        throw new FinalError("BAD_REQUEST", "The answer has no field `usd` with a number above 0.");
      }
      known = { rate, atMs: deps.clock.nowMs() };
    } catch (thrown) {
      if (!signal.aborted) {
        deps.log.warn({ msg: "no rate", detail: toCocoonError(thrown).message });
      }
    }
  };
  return {
    now: () => (known !== undefined && deps.clock.nowMs() - known.atMs < MAX_AGE_MS ? known.rate : undefined),
    run: async (signal) => {
      while (!signal.aborted) {
        await refresh(signal);
        await pause(REFRESH_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    },
  };
}

/** The first field named `usd`, whatever its case, that holds a number above 0. */
export function findUsd(value: unknown, depth: number): number | undefined {
  if (typeof value !== "object" || value === null || depth === 0) {
    return undefined;
  }
  for (const [name, field] of Object.entries(value)) {
    const number = typeof field === "number" || typeof field === "string" ? Number(field) : Number.NaN;
    if (name.toLowerCase() === "usd" && Number.isFinite(number) && number > 0) {
      return number;
    }
  }
  for (const field of Object.values(value)) {
    const found = findUsd(field, depth - 1);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
