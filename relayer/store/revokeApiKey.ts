import type { Store } from "./store";

export async function revokeApiKey(store: Store, { id }: { readonly id: string }): Promise<boolean> {
  const result = await store.db
    .updateTable("apiKeys")
    .set({ revokedAt: store.clock.nowMs() })
    .where("id", "=", id)
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
