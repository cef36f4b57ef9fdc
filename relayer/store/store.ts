import type { Kysely, QueryResult } from "kysely";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import type { ReceiptRecord } from "./records";
import type { Tables } from "./tables";

export type StoreKind = "embedded" | "postgres";

export type RunNow = <R>(sql: string, parameters: readonly unknown[]) => QueryResult<R>;

/** "repeated": the same receipt was there before. */
export type SavedReceipt = "saved" | "repeated";

/** For `batched`: what nobody waits for lets the next request's write take it along. */
export const UNHURRIED = { patienceMs: 25 } as const;

/** A name held by one process at a time. */
export interface StoreLock {
  /** False once the database connection that holds the lock is gone. */
  held(): boolean;
  release(): Promise<void>;
}

/** What every verb of this folder takes first. */
export interface Store {
  readonly kind: StoreKind;
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly log: Log;
  /** In a transaction of the embedded database: runs one of its statements at once, without Kysely's several steps. */
  readonly runNow?: RunNow | undefined;
  /** Receipts wait here for a shared transaction: use `saveReceipt`. */
  readonly receiptQueue: { add(record: ReceiptRecord): Promise<SavedReceipt> };
  /**
   * All or nothing; inside a transaction it joins that one. Await nothing but the store in `work`: the embedded
   * database has one connection, and everybody else waits for it.
   */
  transaction<T>(work: (tx: Store) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a transaction that it shares with its neighbours, so that they share one flush of the disk; resolves
   * once it is durable. With `patienceMs` it waits so long at most for a neighbour in a hurry. `work` may run twice:
   * when one of a batch throws, everything is undone and each runs alone.
   */
  batched<T>(work: (tx: Store) => Promise<T>, options?: { readonly patienceMs: number }): Promise<T>;
  /** Refuses with a sentence when another process, or this one, holds the name. */
  lock(name: string): Promise<StoreLock>;
  close(): Promise<void>;
}
