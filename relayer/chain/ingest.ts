import type { Address, Cell, Transaction } from "@ton/core";
import { advanceCursor, findCursor, type Store, saveEvent } from "../store";
import { catchUp, type FollowDeps, type Step } from "./catchUp";
import { follow } from "./follow";
import { BEFORE_FIRST, type TransactionPoint } from "./reader";

/** An event with its identity: one account, one transaction, one message in it. */
export interface ChainEvent<E> {
  readonly account: string;
  readonly lt: bigint;
  readonly index: number;
  readonly utime: number;
  readonly event: E;
}

export interface IngestOptions<E> {
  readonly account: Address;
  /** Undefined for an opcode it does not know. */
  readonly decode: (body: Cell) => E | undefined;
  /** The name under which the event is stored. */
  readonly kindOf: (event: E) => string;
  /** Saves what an event means. Runs in the transaction that moves the cursor: await nothing but `tx`. */
  readonly apply: (tx: Store, event: ChainEvent<E>) => Promise<void>;
  /** Where an account begins that was never followed; by default at its first transaction. */
  readonly start?: TransactionPoint;
  readonly onUnknown?: (account: string) => void;
  readonly signal?: AbortSignal;
  readonly pollMs?: number;
}

export interface IngestDeps extends FollowDeps {
  readonly store: Store;
}

/** Follows an account until `signal`; effects and cursor are saved in one store transaction each. */
export async function ingest<E>(deps: IngestDeps, options: IngestOptions<E>): Promise<void> {
  const cursor = await startOf(deps, options);
  for await (const step of follow(deps, { ...options, cursor })) {
    await applyStep(deps, options, step);
  }
}

/** The same once: up to what is final now. Answers the number of transactions taken. */
export async function ingestOnce<E>(deps: IngestDeps, options: IngestOptions<E>): Promise<number> {
  const cursor = await startOf(deps, options);
  let taken = 0;
  for await (const step of catchUp(deps, { account: options.account, cursor })) {
    await applyStep(deps, options, step);
    taken += 1;
  }
  return taken;
}

async function startOf<E>(
  { store }: IngestDeps,
  { account, start }: IngestOptions<E>,
): Promise<TransactionPoint> {
  return (await findCursor(store, { account: account.toRawString() })) ?? start ?? BEFORE_FIRST;
}

async function applyStep<E>(deps: IngestDeps, options: IngestOptions<E>, step: Step): Promise<void> {
  const account = options.account.toRawString();
  const events = eventsOf(deps, options, account, step.transaction);
  await deps.store.transaction(async (tx) => {
    const known = await findCursor(tx, { account });
    await advanceCursor(tx, { account, from: known === undefined ? undefined : step.from, to: step.to });
    for (const event of events) {
      const kind = options.kindOf(event.event);
      if (await saveEvent(tx, { event: { ...event, kind, body: event.event } })) {
        await options.apply(tx, event);
      }
    }
  });
}

/** Messages to the outside that this account itself sent; their index counts all its out messages. */
function eventsOf<E>(
  deps: IngestDeps,
  options: IngestOptions<E>,
  account: string,
  transaction: Transaction,
): readonly ChainEvent<E>[] {
  const found: ChainEvent<E>[] = [];
  for (const [index, message] of transaction.outMessages) {
    if (message.info.type !== "external-out") {
      continue;
    }
    const event = tryDecode(options.decode, message.body);
    if (event === undefined) {
      deps.log.warn({ msg: "unknown event passed over", account, lt: transaction.lt, index });
      options.onUnknown?.(account);
    } else {
      found.push({ account, lt: transaction.lt, index, utime: transaction.now, event });
    }
  }
  return found;
}

/** A body that cannot be read is as unknown as its opcode: it must not stop the following. */
function tryDecode<E>(decode: (body: Cell) => E | undefined, body: Cell): E | undefined {
  try {
    return decode(body);
  } catch {
    return undefined;
  }
}
