import { type Address, type Cell, Dictionary } from "@ton/core";
import type { BlockchainTransaction, SendMessageResult, SmartContract } from "@ton/sandbox";
import { JobEscrow } from "../../wrappers/JobEscrow";

const OP: Readonly<Record<string, number>> = JobEscrow.opcodes;

/** Gas of handlers, and sizes, in their most expensive legal cases; names as in `contracts/shared/gas.tact`. */
export interface Measured {
  readonly gas: Record<string, number>;
  /** Cells and bits of messages beyond their first cell, and of whole accounts. */
  readonly sizes: Record<string, { readonly cells: number; readonly bits: number }>;
}

type Sent = Pick<SendMessageResult, "transactions">;

export class Recorder {
  readonly gas: Record<string, number> = {};
  readonly sizes: Record<string, { cells: number; bits: number }> = {};

  /** Notes the gas of the transaction at `address` that was caused by the message of that name. */
  note(
    constant: string,
    result: Pick<SendMessageResult, "transactions">,
    address: Address,
    message: string,
  ): void {
    this.keep(constant, gasOf(transactionOf(result, address, message)));
  }

  keep(constant: string, gas: number): void {
    this.gas[constant] = Math.max(this.gas[constant] ?? 0, gas);
  }

  /** Notes what these messages carry beyond their first cells, together. */
  noteSizes(constant: string, ...messages: readonly (Cell | undefined)[]): void {
    const size = messages.reduce(
      (sum, message) => {
        const { cells: count, bits } = sizeOf(message?.refs ?? []);
        return { cells: sum.cells + count, bits: sum.bits + bits };
      },
      { cells: 0, bits: 0 },
    );
    this.sizes[constant] = size;
  }
}

export function transactionOf(
  result: Pick<SendMessageResult, "transactions">,
  address: Address,
  message: string,
) {
  const found = result.transactions.find((tx) => {
    const to = tx.inMessage?.info;
    return to?.type === "internal" && to.dest.equals(address) && opcodeOf(tx.inMessage?.body) === OP[message];
  });
  if (found === undefined) {
    throw new Error(`There is no ${message} at ${address}.`);
  }
  return found;
}

function opcodeOf(body: Cell | undefined): number | undefined {
  const slice = body?.beginParse();
  return slice !== undefined && slice.remainingBits >= 32 ? slice.preloadUint(32) : undefined;
}

/** Gas of a transaction that went through. */
export function gasOf(tx: BlockchainTransaction): number {
  if (
    tx.description.type !== "generic" ||
    tx.description.computePhase.type !== "vm" ||
    tx.description.aborted
  ) {
    const phase = tx.description.type === "generic" ? tx.description.computePhase : undefined;
    throw new Error(
      `A transaction to be measured failed: ${phase?.type === "vm" ? phase.exitCode : "skipped"}.`,
    );
  }
  return Number(tx.description.computePhase.gasUsed);
}

/** Distinct cells below and including these, and their bits. */
export function sizeOf(roots: readonly Cell[]): { cells: number; bits: number } {
  const seen = new Map<string, number>();
  const walk = (cell: Cell): void => {
    const hash = cell.hash().toString("hex");
    if (!seen.has(hash)) {
      seen.set(hash, cell.bits.length);
      cell.refs.forEach(walk);
    }
  };
  roots.forEach(walk);
  return { cells: seen.size, bits: [...seen.values()].reduce((sum, bits) => sum + bits, 0) };
}

export function accountSize(contract: SmartContract): { cells: number; bits: number } {
  const used = contract.account.account?.storageStats.used;
  if (used === undefined) {
    throw new Error("The account does not exist.");
  }
  return { cells: Number(used.cells), bits: Number(used.bits) };
}

export function sentInternal(result: Sent, address: Address, message: string): Cell[] {
  return sentBy(result, address, message, "internal");
}

export function sentEvents(result: Sent, address: Address, message: string): Cell[] {
  return sentBy(result, address, message, "event");
}

/** Messages that the transaction sent out, as the chain keeps them: internal ones, or events. */
function sentBy(result: Sent, address: Address, message: string, kind: "internal" | "event"): Cell[] {
  const raw = transactionOf(result, address, message).raw.refs[0]?.beginParse();
  raw?.loadMaybeRef(); // the message that came in
  const sent = raw?.loadDict(Dictionary.Keys.Uint(15), Dictionary.Values.Cell()).values() ?? [];
  return sent.filter((cell) => cell.beginParse().loadBit() === (kind === "event"));
}
