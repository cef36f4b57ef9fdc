import type { Address, Cell, Transaction, TupleItem, TupleReader } from "@ton/core";

/** One transaction of an account. `hash` is hex; lt 0 with the zero hash is "before the first one". */
export interface TransactionPoint {
  readonly lt: bigint;
  readonly hash: string;
}

export const BEFORE_FIRST: TransactionPoint = { lt: 0n, hash: "00".repeat(32) };

export interface ChainHead {
  readonly seqno: number;
  /** Unix seconds of the chain, not of this machine. */
  readonly utime: number;
}

/** A masterchain block by its number. */
export interface MasterBlock {
  readonly seqno: number;
  /** [32] */
  readonly rootHash: Uint8Array;
}

/** What one answer of one endpoint says about an account: all fields belong to the same block. */
export interface AccountState {
  readonly last: TransactionPoint;
  readonly balanceNano: bigint;
  readonly state: "active" | "uninitialized" | "frozen";
  readonly code: Cell | undefined;
  readonly data: Cell | undefined;
  readonly utime: number;
}

/** The chain, read only after finality. Failures are `CHAIN_UNAVAILABLE` (retryable) or `CHAIN_REJECTED` (final). */
export interface ChainReader {
  readonly name: string;
  head(): Promise<ChainHead>;
  masterBlock(seqno: number): Promise<MasterBlock>;
  account(address: Address): Promise<AccountState>;
  /** A page, newest first, that starts with `from` itself and ends above `untilLt`; never empty. */
  transactions(address: Address, from: TransactionPoint, untilLt: bigint): Promise<readonly Transaction[]>;
  /**
   * The last transaction of an account that no longer exists, if this endpoint can tell. Untrusted: what it points at
   * must still link back to a known transaction.
   */
  lastOfDestroyed(address: Address): Promise<TransactionPoint | undefined>;
  runGetMethod(address: Address, method: string, stack: readonly TupleItem[]): Promise<TupleReader>;
  /** Accepted for sending, which is not included: only the history tells that. */
  sendBoc(boc: Uint8Array): Promise<void>;
  /** Calls back when something may have happened; it may call too often, late or never. Returns the stop. */
  wake(addresses: readonly Address[], onWake: () => void): () => void;
  /** Readers of exactly one endpoint each, best first: one walk over a history stays on one of them. */
  endpoints(): readonly ChainReader[];
}
