import type { Store } from "./store";

/** The largest seqno of a wallet that is known to be used up, or undefined. */
export async function findLastSeqno(
  store: Store,
  { wallet }: { readonly wallet: string },
): Promise<number | undefined> {
  const row = await store.db
    .selectFrom("batches")
    .select((select) => select.fn.max("seqno").as("seqno"))
    .where("wallet", "=", wallet)
    .where("status", "=", "done")
    .executeTakeFirst();
  return row?.seqno ?? undefined;
}
