import type { ReceiptRecord } from "./records";
import type { SavedReceipt, Store } from "./store";

/**
 * Stores a receipt together with its signed head; resolves once both are durable. Many calls in flight share a
 * transaction. The same receipt again changes nothing; another one in its place is refused.
 */
export function saveReceipt(
  store: Store,
  { receipt }: { readonly receipt: ReceiptRecord },
): Promise<SavedReceipt> {
  return store.receiptQueue.add(receipt);
}
