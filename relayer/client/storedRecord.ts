import {
  decodeLeaf,
  encodeLeaf,
  fromBase64,
  type JobAddress,
  type ReceiptRecord,
  toBase64,
  toHex,
  toWorkerKey,
} from "../protocol";
import type { StoredReceipt, ReceiptRecord as StoreRecord } from "../store";

/** A verified record as the store keeps it. */
export function storedOf(
  record: ReceiptRecord,
  place: { readonly requestId: string; readonly job: JobAddress },
): StoreRecord {
  const { leaf, head, worker } = record;
  return {
    requestId: place.requestId,
    job: place.job,
    worker,
    index: BigInt(leaf.index),
    leaf: toBase64(encodeLeaf(leaf)),
    proof: record.proof.map(toBase64),
    head: {
      job: place.job,
      worker,
      size: BigInt(head.size),
      root: toBase64(head.root),
      amountNano: head.amount,
      issuedAtSeconds: head.issuedAt,
      signature: toBase64(record.signature),
    },
    requestHash: toHex(leaf.requestHash),
    responseHash: toHex(leaf.responseHash),
    amountNano: leaf.amount,
  };
}

export function recordOfStored(stored: StoredReceipt): ReceiptRecord {
  return {
    leaf: decodeLeaf(fromBase64(stored.leaf)),
    proof: stored.proof.map((hash) => fromBase64(hash, 32)),
    head: {
      size: Number(stored.head.size),
      root: fromBase64(stored.head.root, 32),
      amount: stored.head.amountNano,
      issuedAt: stored.head.issuedAtSeconds,
    },
    signature: fromBase64(stored.head.signature, 64),
    worker: toWorkerKey(stored.worker),
  };
}
