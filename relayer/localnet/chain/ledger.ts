import type { Address, Cell, ShardAccount } from "@ton/core";
import { createAccountDecoder, newAccount } from "./accounts";
import { type BlockLog, createBlockLog } from "./blockLog";
import { collectLibraries, isMasterchain, type Libraries } from "./libraries";
import type { AccountKey, Block, BlockEntry } from "./records";
import { createTransactionIndex, type TransactionIndex } from "./transactionIndex";

/** A point to come back to. Cheap: account states are shared, only the tables are copied. */
export interface LedgerMark {
  readonly headSeqno: number;
  readonly finalSeqno: number;
  readonly lt: bigint;
  readonly latest: ReadonlyMap<AccountKey, string>;
  readonly final: ReadonlyMap<AccountKey, string>;
  readonly waiting: ReadonlyMap<number, BlockEntry>;
  readonly queue: readonly Cell[];
  readonly transactionCount: number;
}

/**
 * The state of the chain, and of what may be seen of it: a block is shown once `finalityBlocks` more stand on it.
 * Mining and replay change it the same way, by `apply`.
 */
export interface Ledger {
  readonly blocks: BlockLog;
  readonly index: TransactionIndex;
  lt(): bigint;
  queue(): readonly Cell[];
  /** The newest state, which the next block builds on. Base64 of `ShardAccount`. */
  latestAccount(address: Address): string;
  /** The state that answers show. */
  finalAccount(address: Address): ShardAccount;
  /** What masterchain accounts publish in their newest state. */
  libraries(): Libraries;
  finalBlock(): Block;
  finalityBlocks(): number;
  setFinalityBlocks(count: number): void;
  credit(accounts: readonly (readonly [AccountKey, string])[]): void;
  hasAccount(key: AccountKey): boolean;
  apply(entry: BlockEntry): Block;
  mark(): LedgerMark;
  revert(mark: LedgerMark): void;
  /** Called with each block when it becomes final, in order. */
  onFinal(listener: (block: Block) => void): () => void;
}

export function createLedger(genesis: {
  readonly globalId: number;
  readonly utime: number;
  readonly finalityBlocks: number;
}): Ledger {
  const blocks = createBlockLog(genesis);
  const index = createTransactionIndex();
  const latest = new Map<AccountKey, string>();
  const final = new Map<AccountKey, string>();
  const waiting = new Map<number, BlockEntry>();
  const listeners = new Set<(block: Block) => void>();
  const decode = createAccountDecoder();
  let { finalityBlocks } = genesis;
  let finalSeqno = 1;
  let lt = 0n;
  let queue: readonly Cell[] = [];
  let libraries: Libraries | undefined;

  const setLatest = (key: AccountKey, boc: string): void => {
    latest.set(key, boc);
    if (isMasterchain(key)) {
      libraries = undefined;
    }
  };

  const finalize = (): void => {
    while (finalSeqno < blocks.head().seqno - finalityBlocks) {
      finalSeqno++;
      const entry = waiting.get(finalSeqno);
      waiting.delete(finalSeqno);
      for (const [account, boc] of entry?.touched ?? []) {
        final.set(account, boc);
      }
      for (const record of entry?.transactions ?? []) {
        index.add(record);
      }
      const block = blocks.at(finalSeqno);
      if (block !== undefined) {
        for (const listener of listeners) {
          listener(block);
        }
      }
    }
  };

  return {
    blocks,
    index,
    lt: () => lt,
    queue: () => queue,
    latestAccount: (address) => latest.get(address.toRawString()) ?? newAccount(address, 0n),
    finalAccount(address) {
      const key = address.toRawString();
      return decode(key, final.get(key) ?? newAccount(address, 0n));
    },
    libraries() {
      libraries ??= collectLibraries(latest);
      return libraries;
    },
    finalBlock: () => blocks.at(finalSeqno) ?? blocks.first(),
    finalityBlocks: () => finalityBlocks,
    setFinalityBlocks(count) {
      finalityBlocks = count;
      finalize();
    },
    credit(accounts) {
      for (const [key, boc] of accounts) {
        setLatest(key, boc);
        final.set(key, boc);
      }
    },
    hasAccount: (key) => latest.has(key),
    apply(entry) {
      // Empty blocks are not journalled: a replay makes them again here.
      blocks.fillTo(entry.seqno - 1, entry.utime);
      lt = entry.lt;
      queue = entry.queue;
      for (const [account, boc] of entry.touched) {
        setLatest(account, boc);
      }
      if (entry.transactions.length > 0) {
        waiting.set(entry.seqno, entry);
      }
      const block = blocks.append({ utime: entry.utime, endLt: lt, transactions: entry.transactions });
      finalize();
      return block;
    },
    mark: () => ({
      headSeqno: blocks.head().seqno,
      finalSeqno,
      lt,
      latest: new Map(latest),
      final: new Map(final),
      waiting: new Map(waiting),
      queue,
      transactionCount: index.all().length,
    }),
    revert(mark) {
      blocks.rewindTo(mark.headSeqno);
      index.truncate(mark.transactionCount);
      replace(latest, mark.latest);
      libraries = undefined;
      replace(final, mark.final);
      replace(waiting, mark.waiting);
      ({ finalSeqno, lt, queue } = mark);
      finalize();
    },
    onFinal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function replace<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  target.clear();
  for (const [key, value] of source) {
    target.set(key, value);
  }
}
