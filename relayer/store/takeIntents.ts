import { intentFromRow } from "./intentRows";
import type { Intent } from "./records";
import type { Store } from "./store";

/** The oldest queued intents of a wallet. They stay queued until `saveBatch` puts them into a batch. */
export async function takeIntents(
  store: Store,
  { wallet, limit }: { readonly wallet: string; readonly limit: number },
): Promise<readonly Intent[]> {
  const rows = await store.db
    .selectFrom("intents")
    .selectAll()
    .where("wallet", "=", wallet)
    .where("status", "=", "queued")
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map(intentFromRow);
}
