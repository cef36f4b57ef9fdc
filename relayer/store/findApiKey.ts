import { apiKeyFromRow } from "./apiKeyRows";
import type { ApiKey } from "./records";
import type { Store } from "./store";

/** By the hash of the key; a revoked key is not found. */
export async function findApiKey(
  store: Store,
  { hash }: { readonly hash: string },
): Promise<ApiKey | undefined> {
  const row = await store.db
    .selectFrom("apiKeys")
    .selectAll()
    .where("hash", "=", hash)
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  return row === undefined ? undefined : apiKeyFromRow(row);
}
