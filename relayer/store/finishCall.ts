import type { Store } from "./store";
import { toU64Text } from "./u64";

/** Notes how a call ended and what it cost. Only the first end counts. */
export async function finishCall(
  store: Store,
  end: {
    readonly requestId: string;
    readonly status: string;
    readonly costNano: bigint;
    readonly promptTokens?: number;
    readonly completionTokens?: number;
  },
): Promise<boolean> {
  const result = await store.db
    .updateTable("calls")
    .set({
      status: end.status,
      cost: toU64Text(end.costNano),
      promptTokens: end.promptTokens ?? null,
      completionTokens: end.completionTokens ?? null,
      finishedAt: store.clock.nowMs(),
    })
    .where("requestId", "=", end.requestId)
    .where("finishedAt", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
