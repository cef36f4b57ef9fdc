import type { ApiKey } from "./records";
import type { Store } from "./store";
import { toU64Text, toU64TextOrNull } from "./u64";

/** Adds an API key by its hash, or changes its name and limits and takes back a revocation. What it has spent stays. */
export async function saveApiKey(
  store: Store,
  { apiKey }: { readonly apiKey: Omit<ApiKey, "spentNano" | "createdAt" | "revokedAt"> },
): Promise<void> {
  const changeable = {
    name: apiKey.name,
    limit: toU64TextOrNull(apiKey.limitNano),
    limits: JSON.stringify(apiKey.limits),
    revokedAt: null,
  };
  await store.db
    .insertInto("apiKeys")
    .values({
      id: apiKey.id,
      hash: apiKey.hash,
      spent: toU64Text(0n),
      createdAt: store.clock.nowMs(),
      ...changeable,
    })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(changeable))
    .execute();
}
