import {
  Address,
  beginCell,
  type Cell,
  Dictionary,
  loadTransaction,
  type Message,
  storeTransaction,
  type Transaction,
  TupleReader,
} from "@ton/core";
import { MessageValue } from "@ton/core/dist/types/Message";
import { BEFORE_FIRST, type ChainReader, type TransactionPoint } from "../../../../relayer/chain";
import { RetryableError } from "../../../../relayer/errors";

export const ACCOUNT = Address.parseRaw(`0:${"ab".repeat(32)}`);

/** A message from `ACCOUNT` to the outside: what `emit` makes. */
export function emitted(body: Cell, lt: bigint): Message {
  return { info: { type: "external-out", src: ACCOUNT, createdLt: lt, createdAt: 1 }, body };
}

/** The next transaction of an account, with real cells and hashes. */
export function nextTransaction(
  previous: TransactionPoint,
  lt: bigint,
  messages: readonly Message[] = [],
): Transaction {
  const outMessages = Dictionary.empty(Dictionary.Keys.Uint(15), MessageValue);
  messages.forEach((message, index) => {
    outMessages.set(index, message);
  });
  const draft: Transaction = {
    address: BigInt(`0x${ACCOUNT.hash.toString("hex")}`),
    lt,
    prevTransactionLt: previous.lt,
    prevTransactionHash: BigInt(`0x${previous.hash}`),
    now: Number(lt),
    outMessagesCount: messages.length,
    oldStatus: "active",
    endStatus: "active",
    inMessage: undefined,
    outMessages,
    totalFees: { coins: 0n },
    stateUpdate: { oldHash: Buffer.alloc(32), newHash: Buffer.alloc(32) },
    description: { type: "storage", storagePhase: { storageFeesCollected: 0n, statusChange: "unchanged" } },
    raw: beginCell().endCell(),
    hash: () => Buffer.alloc(32),
  };
  return loadTransaction(beginCell().store(storeTransaction(draft)).endCell().beginParse());
}

export const pointOf = (transaction: Transaction | undefined): TransactionPoint =>
  transaction === undefined ? BEFORE_FIRST : { lt: transaction.lt, hash: transaction.hash().toString("hex") };

/** One account's history, oldest first. */
export interface History {
  readonly transactions: Transaction[];
  add(...messages: Message[]): Transaction;
}

export function createHistory(length: number, firstLt = 1_000n): History {
  const transactions: Transaction[] = [];
  const add = (...messages: Message[]) => {
    const last = transactions.at(-1);
    const lt = last === undefined ? firstLt : last.lt + 10n;
    const transaction = nextTransaction(pointOf(last), lt, messages);
    transactions.push(transaction);
    return transaction;
  };
  for (let i = 0; i < length; i++) {
    add();
  }
  return { transactions, add };
}

export interface FakeEndpoint extends ChainReader {
  /** Changes a page before it is answered. */
  distort: (page: readonly Transaction[]) => readonly Transaction[];
  /** Calls of `transactions` that fail after this many; undefined never fails. */
  failAfter: number | undefined;
  readonly calls: string[];
  /** Rings everybody who waits. */
  ring(): void;
  /** How much of the history this endpoint shows; undefined shows all. */
  visible: number | undefined;
  /** Shows no last transaction, as v2 does for a destroyed account. */
  destroyed: boolean;
}

export function createEndpoint(name: string, history: History, pageSize = 3): FakeEndpoint {
  const bells = new Set<() => void>();
  const shown = () => history.transactions.slice(0, endpoint.visible);
  const endpoint: FakeEndpoint = {
    name,
    distort: (page) => page,
    failAfter: undefined,
    calls: [],
    visible: undefined,
    destroyed: false,
    ring: () => {
      for (const bell of bells) {
        bell();
      }
    },
    head: async () => ({ seqno: 1, utime: 1 }),
    masterBlock: async (seqno) => ({ seqno, rootHash: new Uint8Array(32) }),
    account: async () => {
      endpoint.calls.push("account");
      const last = endpoint.destroyed ? BEFORE_FIRST : pointOf(shown().at(-1));
      return { last, balanceNano: 0n, state: "active", code: undefined, data: undefined, utime: 1 };
    },
    transactions: async (_address, from, untilLt) => {
      endpoint.calls.push("transactions");
      const pages = endpoint.calls.filter((call) => call === "transactions").length;
      if (endpoint.failAfter !== undefined && pages > endpoint.failAfter) {
        throw new RetryableError("CHAIN_UNAVAILABLE", "Down.");
      }
      const older = shown().filter(({ lt }) => lt <= from.lt && lt > untilLt);
      return endpoint.distort(older.reverse().slice(0, pageSize));
    },
    lastOfDestroyed: async () => pointOf(shown().at(-1)),
    runGetMethod: async () => new TupleReader([]),
    sendBoc: async () => {},
    wake: (_addresses, onWake) => {
      bells.add(onWake);
      return () => bells.delete(onWake);
    },
    endpoints: () => [endpoint],
  };
  return endpoint;
}
