import type { Cell } from "@ton/core";

/** Raw lower-case `workchain:hex`: the key under which accounts are kept. */
export type AccountKey = string;

export interface TransactionRecord {
  readonly account: AccountKey;
  readonly lt: bigint;
  readonly hash: Buffer;
  readonly boc: Buffer;
  readonly blockSeqno: number;
  readonly utime: number;
  /** Base64 hashes of the message cells, for look-ups. */
  readonly inMessageHash?: string;
  /** Only for an external in-message: its TEP-467 hash, the same however the message was packed. */
  readonly inMessageNormalizedHash?: string;
  readonly outMessageHashes: readonly string[];
}

/** Everything one block changed: enough to rebuild the chain by applying entries in order. */
export interface BlockEntry {
  readonly seqno: number;
  readonly utime: number;
  /** The chain's logical time after the block. */
  readonly lt: bigint;
  /** New account states, as base64 of `ShardAccount`. */
  readonly touched: readonly (readonly [AccountKey, string])[];
  readonly transactions: readonly TransactionRecord[];
  /** Internal messages left for later blocks, oldest first. */
  readonly queue: readonly Cell[];
}

export interface Block {
  readonly seqno: number;
  readonly utime: number;
  readonly startLt: bigint;
  readonly endLt: bigint;
  readonly rootHash: Buffer;
  readonly fileHash: Buffer;
  readonly transactions: readonly TransactionRecord[];
}
