import type { ReceiptRecord } from "./records";
import type { SavedReceipt, Store } from "./store";
import { toU64Text } from "./u64";

/**
 * Stores a receipt together with its signed head; resolves once both are durable. Many calls in flight share a
 * transaction. The same receipt again changes nothing; another one in its place is refused.
 */
export async function saveReceipt(
  store: Store,
  { receipt }: { readonly receipt: ReceiptRecord },
): Promise<SavedReceipt> {
  // A number that does not fit is refused here, before it could fail the whole batch.
  for (const number of [receipt.index, receipt.amountNano, receipt.head.size, receipt.head.amountNano]) {
    toU64Text(number);
  }
  return await store.receiptQueue.add(receipt);
}
