import { receiptFromRow } from "./receiptRows";
import type { StoredReceipt } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/** A lane's receipts by index, from `fromIndex` on: a page of what a proof or an audit needs. */
export async function listReceipts(
  store: Store,
  page: {
    readonly job: string;
    readonly worker: string;
    readonly fromIndex?: bigint;
    readonly limit: number;
  },
): Promise<readonly StoredReceipt[]> {
  const rows = await store.db
    .selectFrom("receipts")
    .selectAll()
    .where("job", "=", page.job)
    .where("worker", "=", page.worker)
    .where("idx", ">=", toU64Text(page.fromIndex ?? 0n))
    .orderBy("idx")
    .limit(page.limit)
    .execute();
  return rows.map(receiptFromRow);
}
