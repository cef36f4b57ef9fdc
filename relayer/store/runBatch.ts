import { toCocoonError } from "../errors";
import type { Outcome } from "./groupCommit";
import type { Store } from "./store";

/** One piece of work of a shared transaction. */
export type Work = (tx: Store) => Promise<unknown>;

/** Runs all works in one transaction, or, when one of them throws, each in its own: one outcome per work, in order. */
export async function runBatch(store: Store, works: readonly Work[]): Promise<readonly Outcome<unknown>[]> {
  if (works.length > 1) {
    try {
      return await store.transaction(async (tx) => {
        const outcomes: Outcome<unknown>[] = [];
        for (const work of works) {
          outcomes.push({ ok: true, value: await work(tx) });
        }
        return outcomes;
      });
    } catch {
      // Which one it was shows below, without harm to the others.
    }
  }
  const outcomes: Outcome<unknown>[] = [];
  for (const work of works) {
    outcomes.push(
      await store.transaction(work).then(
        (value) => ({ ok: true, value }) as const,
        (thrown: unknown) =>
          ({ ok: false, error: thrown instanceof Error ? thrown : toCocoonError(thrown) }) as const,
      ),
    );
  }
  return outcomes;
}
