import type { Address, Cell, StateInit, Transaction, TupleItem } from "@ton/core";
import type { Clock } from "../../observe/clock";
import type { Log } from "../../observe/log";
import { networkConfig } from "../config";
import { createChainClock } from "./chainClock";
import { faucetMessage } from "./faucet";
import type { Ledger } from "./ledger";
import { createMempool } from "./mempool";
import { mineBlock } from "./mineBlock";
import { openLedger } from "./openLedger";
import { createPrevBlocksInfo } from "./prevBlocks";
import { createQueue } from "./queue";
import { checkExternal, estimateExternal, runGetter } from "./readChain";
import type { Block } from "./records";
import { createSnapshots } from "./snapshots";
import { createTvm, type GetterResult } from "./tvm";

export interface ChainOptions {
  readonly globalId: number;
  /** How many generations of messages one block runs: 1 makes every message arrive in a later block, as between shards. */
  readonly hops: number;
  readonly finalityBlocks: number;
  readonly dataDir?: string;
  readonly funded: readonly { readonly address: Address; readonly amountNano: bigint }[];
  /** Mine at once until nothing is left to do, whenever an external message arrives. */
  readonly instant: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ChainStats {
  readonly blocks: number;
  readonly transactions: number;
  readonly dropped: number;
  readonly waitingExternals: number;
  readonly waitingInternals: number;
}

export interface Chain {
  readonly globalId: number;
  /** For reading only. */
  readonly ledger: Ledger;
  now(): number;
  /** Checks the message and queues it; `lose` answers the same but forgets it, as a failing node would. */
  submitExternal(
    boc: Buffer,
    lose?: boolean,
  ): Promise<{ readonly hash: string; readonly normalizedHash: string }>;
  runGetter(call: { address: Address; method: string | number; stack: readonly TupleItem[] }): GetterResult;
  estimate(call: { address: Address; body: Cell; init?: StateInit; ignoreSignatures: boolean }): Transaction;
  mine(blocks?: number): Promise<Block>;
  /** Mines until no message waits and the last effect is final. */
  settle(): Promise<Block>;
  /** Gives new coins, and returns once they show in answers. */
  faucet(to: Address, amountNano: bigint): Promise<Block>;
  /** Moves the chain's time forward to `seconds`, and mines so that answers show it. */
  setTime(seconds: number): Promise<Block>;
  snapshot(): Promise<number>;
  revert(id: number): Promise<void>;
  /** Called with each new block, before it is final. */
  onBlock(listener: (block: Block) => void): () => void;
  stats(): ChainStats;
  close(): Promise<void>;
}

/** A message that sends itself on for ever must not keep `settle` from returning. */
const SETTLE_MAX_BLOCKS = 256;

export async function createChain(options: ChainOptions): Promise<Chain> {
  const clock = createChainClock(options.clock);
  const config = networkConfig(options.globalId);
  const { ledger, journal, tornBytes } = openLedger({ ...options, config }, clock);
  if (tornBytes > 0) {
    options.log.warn({ msg: "unfinished journal write cut off", bytes: tornBytes });
  }
  const tvm = await createTvm(config);
  const prevBlocks = createPrevBlocksInfo(ledger.blocks);
  const mempool = createMempool();
  const snapshots = createSnapshots({ ledger, journal, mempool, clock });
  const exclusive = createQueue();
  const listeners = new Set<(block: Block) => void>();
  const gifts: Cell[] = [];
  const reading = { ledger, tvm, clock, prevBlocks };
  let dropped = 0;
  let closed = false;

  const mineOne = async (): Promise<Block> => {
    if (closed) {
      return ledger.blocks.head();
    }
    const utime = Math.max(clock.nowSeconds(), ledger.blocks.head().utime);
    const externals = mempool.takeAll();
    const work = { externals, gifts: gifts.splice(0), utime, maxHops: options.hops };
    const mined = await mineBlock({ ledger, tvm, log: options.log, prevBlocks }, work);
    dropped += mined.dropped;
    if (mined.entry.transactions.length > 0 || mined.entry.queue.length !== ledger.queue().length) {
      journal.append({ kind: "block", entry: mined.entry });
    }
    const block = ledger.apply(mined.entry);
    journal.saveHead(block.seqno);
    for (const listener of listeners) {
      listener(block);
    }
    return block;
  };

  const mineMany = async (count: number): Promise<Block> => {
    let block = ledger.blocks.head();
    for (let mined = 0; mined < count; mined++) {
      block = await mineOne();
    }
    return block;
  };

  const settleNow = async (): Promise<Block> => {
    for (let mined = 0; mined < SETTLE_MAX_BLOCKS; mined++) {
      await mineOne();
      if (mempool.size() === 0 && ledger.queue().length === 0) {
        break;
      }
    }
    return mineMany(ledger.finalityBlocks());
  };

  return {
    globalId: options.globalId,
    ledger,
    now: clock.nowSeconds,
    async submitExternal(boc, lose = false) {
      const { hash, normalizedHash, ...message } = checkExternal(reading, boc);
      if (!lose) {
        mempool.add({ ...message, hash, normalizedHash });
        if (options.instant) {
          await exclusive(settleNow);
        }
      }
      return { hash, normalizedHash };
    },
    runGetter: (call) => runGetter(reading, call),
    estimate: (call) => estimateExternal(reading, call),
    mine: (blocks = 1) => exclusive(() => mineMany(blocks)),
    settle: () => exclusive(settleNow),
    faucet: (to, amountNano) =>
      exclusive(() => {
        gifts.push(faucetMessage({ to, amountNano, lt: ledger.lt(), utime: clock.nowSeconds() }));
        return settleNow();
      }),
    setTime: (seconds) =>
      exclusive(() => {
        clock.setOffset(clock.offsetFor(seconds));
        journal.append({ kind: "clock", offsetMs: clock.offsetMs() });
        return mineMany(1 + ledger.finalityBlocks());
      }),
    snapshot: () => exclusive(async () => snapshots.take()),
    revert: (id) => exclusive(async () => snapshots.revert(id)),
    onBlock(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stats: () => ({
      blocks: ledger.blocks.head().seqno,
      transactions: ledger.index.all().length,
      dropped,
      waitingExternals: mempool.size(),
      waitingInternals: ledger.queue().length,
    }),
    close: () =>
      exclusive(async () => {
        closed = true;
        journal.close();
      }),
  };
}
