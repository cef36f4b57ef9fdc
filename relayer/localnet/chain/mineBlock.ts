import { type Address, Cell, loadMessage, loadTransaction } from "@ton/core";
import type { Log } from "../../observe/log";
import type { Ledger } from "./ledger";
import { type ExternalMessage, messageCells, normalizedHash } from "./message";
import type { AccountKey, BlockEntry, TransactionRecord } from "./records";
import type { Tvm } from "./tvm";

/** Every transaction's logical time is this much after the one before, which leaves room for its messages' own. */
export const LT_STEP = 1_000_000n;
/** A contract that sends itself a message for ever must not make a block that never ends. */
const MAX_TRANSACTIONS_PER_BLOCK = 1_000;
/** The wasm calls are synchronous: let requests in between. */
const TRANSACTIONS_PER_TURN = 16;

export interface MiningDeps {
  readonly ledger: Ledger;
  readonly tvm: Tvm;
  readonly log: Log;
  readonly prevBlocks: (seqno: number) => string;
}

export interface MinedBlock {
  readonly entry: BlockEntry;
  readonly dropped: number;
}

/**
 * Computes the next block and changes nothing: first the internal messages left over, oldest first, then gifts and externals,
 * then the messages that these caused, until `maxHops` generations have run.
 */
export async function mineBlock(
  deps: MiningDeps,
  work: {
    readonly externals: readonly ExternalMessage[];
    /** The faucet's messages. */
    readonly gifts: readonly Cell[];
    readonly utime: number;
    readonly maxHops: number;
  },
): Promise<MinedBlock> {
  const block = startBlock(deps, work.utime);
  const arrived = [...deps.ledger.queue(), ...work.gifts, ...work.externals.map(({ cell }) => cell)];
  let waiting = await block.runAll(arrived);
  for (let hop = 1; hop < work.maxHops && waiting.length > 0 && !block.isFull(); hop++) {
    waiting = await block.runAll(waiting);
  }
  return block.finish(waiting);
}

function startBlock(deps: MiningDeps, utime: number) {
  const { ledger, tvm, log } = deps;
  const seqno = ledger.blocks.head().seqno + 1;
  const touched = new Map<AccountKey, string>();
  const transactions: TransactionRecord[] = [];
  // Those of the blocks before: what is published in a block can be referred to from the next one on.
  const libraries = ledger.libraries().boc;
  let lt = ledger.lt();
  let dropped = 0;

  const runOne = (cell: Cell): readonly Cell[] => {
    const message = loadMessage(cell.beginParse());
    if (message.info.type === "external-out") {
      return [];
    }
    const address: Address = message.info.dest;
    const account = address.toRawString();
    lt += LT_STEP;
    const state = touched.get(account) ?? ledger.latestAccount(address);
    // Asked for here because an empty block has no use for it, and it is slow to build.
    const prevBlocks = deps.prevBlocks(seqno - 1);
    const result = tvm.runTransaction({
      message: cell,
      account: state,
      now: utime,
      lt,
      prevBlocks,
      libraries,
    });
    if (!result.ok) {
      dropped++;
      log.warn({ msg: "message dropped", account, type: message.info.type, exitCode: result.exitCode });
      return [];
    }
    const transaction = Cell.fromBase64(result.transaction);
    const { inMessage, outMessages } = messageCells(transaction);
    touched.set(account, result.account);
    transactions.push({
      account,
      lt: loadTransaction(transaction.beginParse()).lt,
      hash: transaction.hash(),
      boc: Buffer.from(result.transaction, "base64"),
      blockSeqno: seqno,
      utime,
      inMessageHash: inMessage?.hash().toString("base64"),
      inMessageNormalizedHash: normalizedHash(message),
      outMessageHashes: outMessages.map((out) => out.hash().toString("base64")),
    });
    return outMessages.filter(isInternal);
  };

  const isFull = (): boolean => transactions.length >= MAX_TRANSACTIONS_PER_BLOCK;

  return {
    isFull,
    /** Runs the messages and returns those they caused; what a full block has no room for comes back first. */
    async runAll(messages: readonly Cell[]): Promise<readonly Cell[]> {
      const caused: Cell[] = [];
      for (const [position, message] of messages.entries()) {
        if (isFull()) {
          return [...messages.slice(position), ...caused];
        }
        caused.push(...runOne(message));
        if (transactions.length % TRANSACTIONS_PER_TURN === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      return caused;
    },
    finish: (queue: readonly Cell[]): MinedBlock => ({
      entry: { seqno, utime, lt, touched: [...touched], transactions, queue },
      dropped,
    }),
  };
}

/** The first bit of an internal message is 0, of an external one 1. */
const isInternal = (message: Cell): boolean => !message.beginParse().loadBit();
