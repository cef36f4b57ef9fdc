import type { Store } from "./store";
import { toU64Text } from "./u64";

/** A call that was written off at price zero has its receipt after all. True when this has changed its end. */
export async function reviseCall(
  store: Store,
  end: { readonly requestId: string; readonly status: string; readonly costNano: bigint },
): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable("calls")
    .set({ status: end.status, cost: toU64Text(end.costNano), finishedAt: store.clock.nowMs() })
    .where("requestId", "=", end.requestId)
    .where("status", "in", ["lost", "unsent"])
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
