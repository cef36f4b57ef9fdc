import { createHash } from "node:crypto";
import type { Block, TransactionRecord } from "./records";

/** Empty blocks older than this are forgotten, so that an idle localnet does not grow. TVM sees 1,600 back at most. */
export const EMPTY_BLOCKS_KEPT = 4_096;

export interface BlockLog {
  head(): Block;
  /** The oldest block still held. */
  first(): Block;
  at(seqno: number): Block | undefined;
  /** Blocks from the oldest held to the newest. */
  all(): readonly Block[];
  append(block: { utime: number; endLt: bigint; transactions: readonly TransactionRecord[] }): Block;
  /** Appends empty blocks until `seqno` is the newest. */
  fillTo(seqno: number, utime: number): void;
  /** Forgets every block above `seqno`, and makes again the empty ones that were pruned since. */
  rewindTo(seqno: number): void;
}

/** Block ids are synthetic: a function of the genesis, the number and the transactions, so that a replay finds the same ids. */
export function createBlockLog(genesis: { readonly globalId: number; readonly utime: number }): BlockLog {
  const blocks = new Map<number, Block>();

  const blockOf = (
    seqno: number,
    part: { utime: number; endLt: bigint; transactions: readonly TransactionRecord[] },
  ): Block => {
    const root = createHash("sha256").update(`localnet:${genesis.globalId}:${genesis.utime}:${seqno}`);
    for (const transaction of part.transactions) {
      root.update(transaction.hash);
    }
    const rootHash = root.digest();
    const fileHash = createHash("sha256").update("file").update(rootHash).digest();
    return { ...part, seqno, startLt: part.transactions[0]?.lt ?? part.endLt, rootHash, fileHash };
  };

  const firstBlock = blockOf(1, { utime: genesis.utime, endLt: 0n, transactions: [] });
  blocks.set(1, firstBlock);
  let newest = firstBlock;

  return {
    head: () => newest,
    first: () => firstBlock,
    at: (seqno) => blocks.get(seqno),
    all: () => [...blocks.values()].sort((a, b) => a.seqno - b.seqno),
    append(part) {
      newest = blockOf(newest.seqno + 1, part);
      blocks.set(newest.seqno, newest);
      const old = newest.seqno - EMPTY_BLOCKS_KEPT;
      if (old > 1 && blocks.get(old)?.transactions.length === 0) {
        blocks.delete(old);
      }
      return newest;
    },
    fillTo(seqno, utime) {
      const endLt = newest.endLt;
      const from = Math.max(newest.seqno + 1, seqno - EMPTY_BLOCKS_KEPT);
      for (let empty = from; empty <= seqno; empty++) {
        newest = blockOf(empty, { utime, endLt, transactions: [] });
        blocks.set(empty, newest);
      }
    },
    rewindTo(seqno) {
      for (const known of [...blocks.keys()].filter((known) => known > seqno)) {
        blocks.delete(known);
      }
      newest = firstBlock;
      for (let kept = Math.max(2, seqno - EMPTY_BLOCKS_KEPT); kept <= seqno; kept++) {
        const { utime, endLt } = newest;
        newest = blocks.get(kept) ?? blockOf(kept, { utime, endLt, transactions: [] });
        blocks.set(kept, newest);
      }
    },
  };
}
