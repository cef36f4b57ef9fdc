import { apiKeyFromRow } from "./apiKeyRows";
import type { ApiKey } from "./records";
import type { Store } from "./store";

export async function listApiKeys(store: Store): Promise<readonly ApiKey[]> {
  const rows = await store.db.selectFrom("apiKeys").selectAll().orderBy("createdAt").orderBy("id").execute();
  return rows.map(apiKeyFromRow);
}
