import type { Cursor } from "./records";
import type { Store } from "./store";
import { fromU64Text } from "./u64";

export async function findCursor(
  store: Store,
  { account }: { readonly account: string },
): Promise<Cursor | undefined> {
  const row = await store.db
    .selectFrom("cursors")
    .selectAll()
    .where("account", "=", account)
    .executeTakeFirst();
  return row === undefined ? undefined : { lt: fromU64Text(row.lt), hash: row.hash };
}
