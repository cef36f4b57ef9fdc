import { encodeLeaf, LEAF_BYTES, type ReceiptRecord, type Usage } from "../protocol";

/** A head as its worker signed it. */
export type SignedBy = Pick<ReceiptRecord, "worker" | "head" | "signature">;

/** What lies at a place of a signed head's log: the contract goes by the place, whatever the receipt says of itself. */
export interface PlacedReceipt extends SignedBy {
  readonly place: number;
  /** [122] */
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export function placedOf(record: ReceiptRecord): PlacedReceipt {
  return { ...record, place: record.leaf.index, leaf: encodeLeaf(record.leaf) };
}

/** What a receipt charges for, as the contract reads it: of no field but these it looks at. */
export interface Charged extends Usage {
  readonly status: number;
  readonly amount: bigint;
}

const STATUS_AT = 1;
/** Behind version, status, index and the two hashes. */
const COUNTERS_AT = 74;

export function chargedBy(leaf: Uint8Array): Charged {
  const view = new DataView(leaf.buffer, leaf.byteOffset, LEAF_BYTES);
  const counter = (place: number) => view.getBigUint64(COUNTERS_AT + 8 * place);
  return {
    status: view.getUint8(STATUS_AT),
    promptTokens: counter(0),
    cachedTokens: counter(1),
    completionTokens: counter(2),
    reasoningTokens: counter(3),
    amount: counter(4),
  };
}
