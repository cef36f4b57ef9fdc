import { FinalError } from "../errors";
import type { Batch } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/**
 * Makes a signed batch and its intents durable: the step before the first broadcast. A second live batch of the same
 * wallet is refused by the database.
 */
export async function saveBatch(
  store: Store,
  { batch, intentKeys }: { readonly batch: Batch; readonly intentKeys: readonly string[] },
): Promise<void> {
  await store.transaction(async (tx) => {
    const now = tx.clock.nowMs();
    await tx.db
      .insertInto("batches")
      .values({
        id: batch.id,
        wallet: batch.wallet,
        seqno: batch.seqno,
        validUntilSeconds: batch.validUntilSeconds,
        boc: batch.boc,
        walletLt: toU64Text(batch.walletLt),
        status: "live",
        createdAt: now,
        updatedAt: now,
      })
      .execute();
    for (const [position, key] of intentKeys.entries()) {
      const result = await tx.db
        .updateTable("intents")
        .set((set) => ({
          status: "batched",
          batchId: batch.id,
          position,
          attempts: set("attempts", "+", 1),
          updatedAt: now,
        }))
        .where("key", "=", key)
        .where("wallet", "=", batch.wallet)
        .where("status", "=", "queued")
        .executeTakeFirst();
      if (result.numUpdatedRows !== 1n) {
        throw new FinalError("STORE_FAILED", "An intent of the batch is no longer queued.", { key });
      }
    }
  });
}
