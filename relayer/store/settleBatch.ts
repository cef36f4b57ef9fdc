import type { Store } from "./store";
import { toU64Text } from "./u64";

/** What became of one intent of a batch that is in the wallet's history. */
export type Sent =
  | { readonly key: string; readonly sent: true; readonly outIndex: number; readonly outLt: bigint }
  | { readonly key: string; readonly sent: false };

/** Closes a batch that the chain executed. A message that the wallet skipped leaves its intent `skipped`. */
export async function settleBatch(
  store: Store,
  done: { readonly batchId: string; readonly txLt: bigint; readonly results: readonly Sent[] },
): Promise<void> {
  await store.transaction(async (tx) => {
    const updatedAt = tx.clock.nowMs();
    const txLt = toU64Text(done.txLt);
    await tx.db
      .updateTable("batches")
      .set({ status: "done", txLt, updatedAt })
      .where("id", "=", done.batchId)
      .execute();
    for (const result of done.results) {
      await tx.db
        .updateTable("intents")
        .set(
          result.sent
            ? { status: "sent", txLt, outIndex: result.outIndex, outLt: toU64Text(result.outLt), updatedAt }
            : { status: "skipped", txLt, updatedAt },
        )
        .where("key", "=", result.key)
        .where("batchId", "=", done.batchId)
        .where("status", "=", "batched")
        .execute();
    }
  });
}
