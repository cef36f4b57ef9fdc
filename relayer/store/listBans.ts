import type { Store } from "./store";

/** Receipt keys of the workers that are never used again. */
export async function listBans(store: Store): Promise<readonly string[]> {
  const rows = await store.db.selectFrom("bans").select("worker").orderBy("createdAt").execute();
  return rows.map(({ worker }) => worker);
}
