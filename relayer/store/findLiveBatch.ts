import { batchFromRow } from "./intentRows";
import type { Batch } from "./records";
import type { Store } from "./store";

/** The batch of a wallet that is signed and neither seen in its history nor provably dead. */
export async function findLiveBatch(
  store: Store,
  { wallet }: { readonly wallet: string },
): Promise<Batch | undefined> {
  const row = await store.db
    .selectFrom("batches")
    .selectAll()
    .where("wallet", "=", wallet)
    .where("status", "=", "live")
    .executeTakeFirst();
  return row === undefined ? undefined : batchFromRow(row);
}
