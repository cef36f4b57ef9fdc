import { beginCell, type Cell, type Message, storeMessage } from "@ton/core";
import { createTvm, type Tvm } from "../../../relayer/localnet/chain/tvm";
import { type AccountView, readAccount } from "./account";
import { readTransaction, type TransactionView } from "./transaction";

/** What one transaction did. */
export interface Outcome extends TransactionView {
  readonly after: string;
  readonly view: AccountView;
}

/** Accounts by address, as the executor takes them. Immutable strings, so a copy of the map is a snapshot. */
export type Accounts = ReadonlyMap<string, string>;

/** TON's executor over accounts in memory, without blocks: the test decides what arrives when. */
export interface Chain {
  readonly accounts: Accounts;
  now: number;
  /** Which of the price lists holds. */
  prices: number;
  run(message: Message): Outcome;
  /** By raw address. */
  view(key: string): AccountView;
  reset(accounts: Accounts, now: number): void;
}

const NOTHING: AccountView = { balance: 0n, data: undefined };
/** Nothing here reads a block. */
const NO_BLOCKS = "";
/** Ends the memory of outcomes before it takes more than some hundred megabytes. */
const REMEMBERED = 30_000;
/** A constant: equal histories then make equal accounts, and an outcome that was seen before need not be computed. */
const LT = 1_000_000n;

export async function createChain(options: {
  readonly configs: readonly Cell[];
  readonly libraries: string;
}): Promise<Chain> {
  const tvms: Tvm[] = [];
  for (const config of options.configs) {
    tvms.push(await createTvm(config));
  }
  let accounts = new Map<string, string>();
  const outcomes = new Map<string, Outcome>();
  const interned = new Map<string, number>();
  const idOf = (text: string) => {
    const known = interned.get(text);
    const id = known ?? interned.size;
    if (known === undefined) {
      interned.set(text, id);
    }
    return id;
  };

  const chain: Chain = {
    get accounts() {
      return accounts;
    },
    now: 0,
    prices: 0,
    run(message) {
      if (message.info.type !== "internal") {
        throw new Error("Only internal messages arrive.");
      }
      const key = message.info.dest.toRawString();
      const account = accounts.get(key) ?? NONE;
      const cell = beginCell().store(storeMessage(message)).endCell();
      if (outcomes.size > REMEMBERED) {
        outcomes.clear();
        interned.clear();
      }
      const hash = cell.hash().toString("latin1");
      const id = `${idOf(account)}/${hash}/${chain.now}/${chain.prices}`;
      const outcome =
        outcomes.get(id) ?? execute(chain, { tvms, account, cell, libraries: options.libraries });
      outcomes.set(id, outcome);
      accounts.set(key, outcome.after);
      return outcome;
    },
    view(key) {
      const account = accounts.get(key);
      return account === undefined ? NOTHING : readAccount(account);
    },
    reset(start, now) {
      accounts = new Map(start);
      chain.now = now;
      chain.prices = 0;
    },
  };
  return chain;
}

function execute(
  chain: Pick<Chain, "now" | "prices">,
  given: { tvms: readonly Tvm[]; account: string; cell: Cell; libraries: string },
): Outcome {
  const result = given.tvms[chain.prices]?.runTransaction({
    message: given.cell,
    account: given.account,
    now: chain.now,
    lt: LT,
    libraries: given.libraries,
    prevBlocks: NO_BLOCKS,
  });
  if (result?.ok !== true) {
    throw new Error(`The executor took no such message: ${result?.error}`);
  }
  return { ...readTransaction(result.transaction), after: result.account, view: readAccount(result.account) };
}

/** An account that does not exist and has no transaction. */
function emptyAccount(): string {
  const none = beginCell().storeBit(false).endCell();
  return beginCell().storeRef(none).storeUint(0n, 256).storeUint(0n, 64).endCell().toBoc().toString("base64");
}

const NONE = emptyAccount();
