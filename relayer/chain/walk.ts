import type { Address, Transaction } from "@ton/core";
import { RetryableError } from "../errors";
import { type AccountState, BEFORE_FIRST, type ChainReader, type TransactionPoint } from "./reader";

/** Pages kept in memory on the way back; of older ones only the start is kept, and they are asked for again. */
const KEPT_PAGES = 20;

interface Page {
  readonly start: TransactionPoint;
  transactions: readonly Transaction[] | undefined;
}

export function pointOf(transaction: Transaction): TransactionPoint {
  return { lt: transaction.lt, hash: transaction.hash().toString("hex") };
}

export function previousOf(transaction: Transaction): TransactionPoint {
  return {
    lt: transaction.prevTransactionLt,
    hash: transaction.prevTransactionHash.toString(16).padStart(64, "0"),
  };
}

/**
 * An account's transactions after `cursor`, oldest first, from one endpoint. First it walks back from the newest one,
 * checking that every transaction hashes to what its successor names, down to the cursor itself; only then is the
 * first one yielded. So an endpoint can withhold the newest, but cannot drop, change or reorder one in between.
 * Returns the account as it was when the walk began.
 */
export async function* walk(
  endpoint: ChainReader,
  address: Address,
  cursor: TransactionPoint,
): AsyncGenerator<Transaction, AccountState> {
  const account = await endpoint.account(address);
  const newest = await newestPoint(endpoint, address, account, cursor);
  if (newest.lt < cursor.lt) {
    return account;
  }
  const pages = await pagesBack(endpoint, address, newest, cursor);
  for (const page of pages.reverse()) {
    const transactions = page.transactions ?? (await readPage(endpoint, address, page.start, cursor));
    page.transactions = undefined;
    yield* [...transactions].reverse();
  }
  return account;
}

/** A destroyed account shows no last transaction: then the index says where the history ends. */
async function newestPoint(
  endpoint: ChainReader,
  address: Address,
  account: AccountState,
  cursor: TransactionPoint,
): Promise<TransactionPoint> {
  if (account.last.lt > 0n || cursor.lt === 0n) {
    return account.last;
  }
  return (await endpoint.lastOfDestroyed(address).catch(() => undefined)) ?? BEFORE_FIRST;
}

async function pagesBack(
  endpoint: ChainReader,
  address: Address,
  newest: TransactionPoint,
  cursor: TransactionPoint,
): Promise<Page[]> {
  const pages: Page[] = [];
  let at = newest;
  while (at.lt > cursor.lt) {
    const transactions = await readPage(endpoint, address, at, cursor);
    pages.push({ start: at, transactions });
    const forgotten = pages.at(-1 - KEPT_PAGES);
    if (forgotten !== undefined) {
      forgotten.transactions = undefined;
    }
    const oldest = transactions.at(-1);
    at = oldest === undefined ? at : previousOf(oldest);
  }
  if (at.lt !== cursor.lt || at.hash !== cursor.hash) {
    throw gap(endpoint, address, cursor, at);
  }
  return pages;
}

/** A page cut at the cursor, each transaction being the one its successor names. */
async function readPage(
  endpoint: ChainReader,
  address: Address,
  start: TransactionPoint,
  cursor: TransactionPoint,
): Promise<readonly Transaction[]> {
  const page = await endpoint.transactions(address, start, cursor.lt);
  const kept: Transaction[] = [];
  let expected = start;
  for (const transaction of page) {
    if (expected.lt <= cursor.lt) {
      break;
    }
    const point = pointOf(transaction);
    if (isRepeat(kept.at(-1), point)) {
      continue;
    }
    if (point.lt !== expected.lt || point.hash !== expected.hash || previousOf(transaction).lt >= point.lt) {
      throw gap(endpoint, address, expected, point);
    }
    kept.push(transaction);
    expected = previousOf(transaction);
  }
  if (kept.length === 0) {
    throw gap(endpoint, address, start, BEFORE_FIRST);
  }
  return kept;
}

/** A page may show a transaction twice in a row: harmless, since its hash was checked the first time. */
function isRepeat(last: Transaction | undefined, point: TransactionPoint): boolean {
  return last !== undefined && last.lt === point.lt && pointOf(last).hash === point.hash;
}

function gap(endpoint: ChainReader, address: Address, expected: TransactionPoint, found: TransactionPoint) {
  return new RetryableError(
    "CHAIN_GAP",
    "The endpoint's history does not link to what is known: it lacks transactions, or invents them.",
    {
      endpoint: endpoint.name,
      account: address.toRawString(),
      expectedLt: expected.lt,
      expectedHash: expected.hash,
      foundLt: found.lt,
    },
  );
}
