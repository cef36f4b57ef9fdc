import { beginCell, type Cell, type Message, storeMessage } from "@ton/core";
import { createTvm, type Tvm } from "../../../relayer/localnet/chain/tvm";
import { OP } from "../../support/actors";
import { type AccountView, NO_ACCOUNT, readAccount } from "./account";
import { createBags } from "./bags";
import { readTransaction, type TransactionView } from "./transaction";

/** What one transaction did. */
export interface Outcome extends TransactionView {
  readonly view: AccountView;
}

/** Accounts by address, as the executor takes them. */
export type Accounts = ReadonlyMap<string, string>;

/** TON's executor over accounts in memory, without blocks: the test decides what arrives when. */
export interface Chain {
  now: number;
  /** Which of the price lists holds. */
  prices: number;
  run(message: Message): Outcome;
  /** By raw address. */
  views(): ReadonlyMap<string, AccountView>;
  reset(accounts: Accounts, now: number): void;
}

/** An account as it was after some transaction. Immutable, so a copy of the map of them is a snapshot. */
interface Held {
  readonly boc: string;
  readonly view: AccountView;
  /** Says which of all it is in less than its bytes do. */
  readonly id: number;
}

interface Done extends Outcome {
  readonly held: Held;
}

/** Nothing else reads a block, and every transaction would take longer by them. */
const NO_BLOCKS = "";
/** Ends the memory of outcomes before it takes more than some hundred megabytes. */
const REMEMBERED = 30_000;
/** A constant: equal histories then make equal accounts, and an outcome that was seen before need not be computed. */
const LT = 1_000_000n;

export async function createChain(options: {
  readonly configs: readonly Cell[];
  readonly libraries: string;
  /** The masterchain's newest, shown to whoever verifies a quote. */
  readonly blocks: string;
}): Promise<Chain> {
  const tvms: Tvm[] = [];
  for (const config of options.configs) {
    tvms.push(await createTvm(config));
  }
  const bags = createBags();
  const outcomes = new Map<string, Done>();
  const wired = new WeakMap<Message, Cell>();
  let count = 0;
  const hold = (boc: string): Held => {
    count += 1;
    return { boc, view: readAccount(bags, boc), id: count };
  };
  const none: Held = { boc: emptyAccount(), view: NO_ACCOUNT, id: 0 };
  const beginning = startOf(hold);
  let accounts = new Map<string, Held>();

  const execute = (given: {
    account: Held;
    cell: Cell;
    now: number;
    prices: number;
    prevBlocks: string;
  }): Done => {
    const { account, cell, now, prices, prevBlocks } = given;
    const result = tvms[prices]?.runTransaction({
      message: cell,
      account: account.boc,
      now,
      lt: LT,
      ...(account.view.needsLibrary ? { libraries: options.libraries } : {}),
      prevBlocks,
    });
    if (result?.ok !== true) {
      throw new Error(`The executor took no such message: ${result?.error}`);
    }
    const { outs, ...read } = readTransaction(bags, result.transaction);
    for (const out of outs) {
      wired.set(out.message, out.cell);
    }
    const held = hold(result.account);
    return { ...read, outs: outs.map(({ message }) => message), held, view: held.view };
  };

  const chain: Chain = {
    now: 0,
    prices: 0,
    run(message) {
      if (message.info.type !== "internal") {
        throw new Error("Only internal messages arrive.");
      }
      const key = message.info.dest.toRawString();
      const account = accounts.get(key) ?? none;
      const cell = wired.get(message) ?? beginCell().store(storeMessage(message)).endCell();
      if (outcomes.size > REMEMBERED) {
        outcomes.clear();
        bags.forget();
      }
      const { now, prices } = chain;
      const id = `${account.id}/${now}/${prices}/${cell.hash().toString("latin1")}`;
      const prevBlocks = isQuote(message) ? options.blocks : NO_BLOCKS;
      const known = outcomes.get(id);
      const outcome = known ?? execute({ account, cell, now, prices, prevBlocks });
      if (known === undefined) {
        outcomes.set(id, outcome);
      }
      accounts.set(key, outcome.held);
      return outcome;
    },
    views: () => new Map([...accounts].map(([key, { view }]) => [key, view])),
    reset(start, now) {
      accounts = new Map(beginning(start));
      chain.now = now;
      chain.prices = 0;
    },
  };
  return chain;
}

function isQuote({ body }: Message): boolean {
  const fields = body.beginParse();
  return fields.remainingBits >= 32 && fields.preloadUint(32) === OP.SubmitQuote;
}

/** The accounts that sequences begin with, read once. */
function startOf(hold: (boc: string) => Held): (accounts: Accounts) => ReadonlyMap<string, Held> {
  const read = new WeakMap<Accounts, ReadonlyMap<string, Held>>();
  return (accounts) => {
    const known = read.get(accounts) ?? new Map([...accounts].map(([key, boc]) => [key, hold(boc)]));
    read.set(accounts, known);
    return known;
  };
}

/** An account that does not exist and has no transaction. */
function emptyAccount(): string {
  const none = beginCell().storeBit(false).endCell();
  return beginCell().storeRef(none).storeUint(0n, 256).storeUint(0n, 64).endCell().toBoc().toString("base64");
}
