import { BitReader, type Cell, Dictionary, loadMessage, type Message } from "@ton/core";
import type { Bags } from "./bags";

/** What a sequence needs of a transaction. */
export interface TransactionView {
  readonly aborted: boolean;
  /** All that the chain took, forward fees of the messages it sent included. */
  readonly fees: bigint;
  readonly storageFee: bigint;
  /** Internal ones, in their order. */
  readonly outs: readonly Message[];
}

/** A message with the cell that carried it. */
export interface Sealed {
  readonly message: Message;
  readonly cell: Cell;
}

const HEAD_BITS = 4 + 256 + 64 + 256 + 64 + 32;
const MESSAGES = {
  serialize: () => {
    throw new Error("Transactions are only read.");
  },
  parse: (slice: { loadRef(): Cell }): Sealed => {
    const cell = slice.loadRef();
    return { message: loadMessage(cell.beginParse()), cell };
  },
};

/** `loadTransaction` makes and hashes the incoming message and the state as well, which nobody reads here. */
export function readTransaction(
  bags: Bags,
  base64: string,
): Omit<TransactionView, "outs"> & { readonly outs: readonly Sealed[] } {
  const bag = bags.read(base64);
  const reader = new BitReader(bag.bits(0));
  reader.skip(HEAD_BITS + 15 + 4); // count of outgoing messages, both states
  const collected = reader.loadCoins();
  const [messages = 0, , description = 0] = bag.refs(0);
  const flags = new BitReader(bag.bits(messages));
  const hasIn = flags.loadBit();
  const dict = flags.loadBit() ? bag.refs(messages)[hasIn ? 1 : 0] : undefined;
  const outs = dict === undefined ? [] : readOuts(bag.cell(dict));
  const forwarding = outs.reduce(
    (sum, { message: { info } }) => sum + (info.type === "internal" ? info.forwardFee : 0n),
    0n,
  );
  return { ...readDescription(new BitReader(bag.bits(description))), fees: collected + forwarding, outs };
}

function readOuts(dict: Cell): Sealed[] {
  const all: Dictionary<number, Sealed> = Dictionary.loadDirect(Dictionary.Keys.Uint(15), MESSAGES, dict);
  return all.values().filter(({ message }) => message.info.type === "internal");
}

/** Of an ordinary transaction, as block.tlb lays it out. */
function readDescription(reader: BitReader): Pick<TransactionView, "aborted" | "storageFee"> {
  if (reader.loadUint(4) !== 0) {
    throw new Error("No such transaction was asked for.");
  }
  reader.skip(1); // credit_first
  let storageFee = 0n;
  if (reader.loadBit()) {
    storageFee = reader.loadCoins();
    skipMaybeCoins(reader); // storage_fees_due
    reader.skip(reader.loadBit() ? 1 : 0); // status_change
  }
  if (reader.loadBit()) {
    skipMaybeCoins(reader); // due_fees_collected
    reader.loadCoins();
    reader.skip(1); // no other currencies
  }
  if (reader.loadBit()) {
    reader.skip(3); // success, msg_state_used, account_activated
    reader.loadCoins(); // gas_fees; the rest is in a cell of its own
  } else {
    reader.skip(reader.loadUint(2) === 3 ? 1 : 0); // the reason for which nothing was computed
  }
  reader.skip(1); // action phase, in a cell of its own
  return { storageFee, aborted: reader.loadBit() };
}

function skipMaybeCoins(reader: BitReader): void {
  if (reader.loadBit()) {
    reader.loadCoins();
  }
}
