import { BitReader, Dictionary, loadMessage, loadTransactionDescription, type Message } from "@ton/core";
import { at, rawCells, toCell } from "./rawBoc";

/** What a sequence needs of a transaction. */
export interface TransactionView {
  readonly aborted: boolean;
  readonly exitCode: number | undefined;
  /** All that the chain took, forward fees of the messages it sent included. */
  readonly fees: bigint;
  readonly storageFee: bigint;
  /** Internal ones, in their order. */
  readonly outs: readonly Message[];
}

const HEAD_BITS = 4 + 256 + 64 + 256 + 64 + 32;
const MESSAGES = {
  serialize: () => {
    throw new Error("Transactions are only read.");
  },
  parse: (slice: { loadRef(): { beginParse(): Parameters<typeof loadMessage>[0] } }) =>
    loadMessage(slice.loadRef().beginParse()),
};

/** `loadTransaction` makes and hashes the incoming message and the state as well, which nobody reads here. */
export function readTransaction(base64: string): TransactionView {
  const cells = rawCells(Buffer.from(base64, "base64"));
  const root = at(cells, 0);
  const reader = new BitReader(root.bits);
  reader.skip(HEAD_BITS + 15 + 4); // count of outgoing messages, both states
  const collected = reader.loadCoins();
  const messages = at(cells, at(root.refs, 0));
  const flags = new BitReader(messages.bits);
  const hasIn = flags.loadBit();
  const hasOut = flags.loadBit();
  const outs = hasOut ? readOuts(toCell(cells, at(messages.refs, hasIn ? 1 : 0))) : [];
  const description = loadTransactionDescription(toCell(cells, at(root.refs, 2)).beginParse());
  if (description.type !== "generic") {
    throw new Error("No such transaction was asked for.");
  }
  const { aborted, computePhase, storagePhase } = description;
  const forwarding = outs.reduce(
    (sum, { info }) => sum + (info.type === "internal" ? info.forwardFee : 0n),
    0n,
  );
  return {
    aborted,
    exitCode: computePhase.type === "vm" ? computePhase.exitCode : undefined,
    fees: collected + forwarding,
    storageFee: storagePhase?.storageFeesCollected ?? 0n,
    outs,
  };
}

function readOuts(dict: Parameters<typeof Dictionary.loadDirect>[2]): Message[] {
  const all: Dictionary<number, Message> = Dictionary.loadDirect(Dictionary.Keys.Uint(15), MESSAGES, dict);
  return all.values().filter(({ info }) => info.type === "internal");
}
