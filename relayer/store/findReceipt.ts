import { receiptFromRow } from "./receiptRows";
import type { StoredReceipt } from "./records";
import type { Store } from "./store";

export async function findReceipt(
  store: Store,
  { requestId }: { readonly requestId: string },
): Promise<StoredReceipt | undefined> {
  const row = await store.db
    .selectFrom("receipts")
    .selectAll()
    .where("requestId", "=", requestId)
    .executeTakeFirst();
  return row === undefined ? undefined : receiptFromRow(row);
}
