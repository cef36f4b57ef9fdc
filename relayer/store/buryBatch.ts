import type { Store } from "./store";

/** Ends a batch that provably can never be executed and puts its intents back into the queue, in their old order. */
export async function buryBatch(store: Store, { batchId }: { readonly batchId: string }): Promise<void> {
  await store.transaction(async (tx) => {
    const updatedAt = tx.clock.nowMs();
    await tx.db.updateTable("batches").set({ status: "dead", updatedAt }).where("id", "=", batchId).execute();
    await tx.db
      .updateTable("intents")
      .set({ status: "queued", batchId: null, position: null, updatedAt })
      .where("batchId", "=", batchId)
      .where("status", "=", "batched")
      .execute();
  });
}
