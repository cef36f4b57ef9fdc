import type { Store } from "./store";

/** Sends a bounced or skipped intent once more: the caller's decision, never the outbox's. */
export async function requeueIntent(store: Store, { key }: { readonly key: string }): Promise<boolean> {
  const result = await store.db
    .updateTable("intents")
    .set({
      status: "queued",
      batchId: null,
      position: null,
      txLt: null,
      outIndex: null,
      outLt: null,
      exitCode: null,
      bounceLt: null,
      updatedAt: store.clock.nowMs(),
    })
    .where("key", "=", key)
    .where("status", "in", ["bounced", "skipped"])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
