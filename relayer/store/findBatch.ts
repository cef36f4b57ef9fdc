import { batchFromRow } from "./intentRows";
import type { Batch } from "./records";
import type { Store } from "./store";

export async function findBatch(store: Store, { id }: { readonly id: string }): Promise<Batch | undefined> {
  const row = await store.db.selectFrom("batches").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : batchFromRow(row);
}
