import type { Context } from "../context";
import type { WorkerEntry } from "./workerEntry";

/** Every worker under each of its keys. */
export function allKeys({ pool }: Pick<Context, "pool">): readonly WorkerEntry[] {
  return pool.all().flatMap((entry) => [entry, ...entry.former]);
}

/**
 * Every worker under the keys that developers should seal to: the newest; and before them former ones, while the newest
 * are not attested, or have no lane yet in a job that the former ones serve.
 */
export function usableKeys({ pool, book }: Pick<Context, "pool" | "book">): readonly WorkerEntry[] {
  const active = [...book.entries()].filter(({ row }) => row.state === "active");
  return pool.all().flatMap((entry) => {
    const isNeeded = (former: WorkerEntry) =>
      entry.onChain === undefined ||
      active.some(({ row: { address } }) => former.lanes.has(address) && !entry.lanes.has(address));
    return [...entry.former.filter(isNeeded), entry];
  });
}
