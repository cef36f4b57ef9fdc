import { intentFromRow } from "./intentRows";
import type { Intent } from "./records";
import type { Store } from "./store";

export async function findIntent(
  store: Store,
  { key }: { readonly key: string },
): Promise<Intent | undefined> {
  const row = await store.db.selectFrom("intents").selectAll().where("key", "=", key).executeTakeFirst();
  return row === undefined ? undefined : intentFromRow(row);
}
