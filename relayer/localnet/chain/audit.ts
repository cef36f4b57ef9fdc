import { Cell, loadMessage, loadTransaction } from "@ton/core";
import { decodeAccount } from "./accounts";
import type { Ledger } from "./ledger";

/** Where every nanoton of the chain is. `held + fees + inFlight - minted` never changes. */
export interface Audit {
  /** Balances of all accounts. */
  readonly heldNano: bigint;
  /** Everything validators have taken: gas, storage, actions and forwarding. */
  readonly feesNano: bigint;
  /** Value of messages that no account has received yet. */
  readonly inFlightNano: bigint;
  /** Gifts of the faucet. */
  readonly mintedNano: bigint;
  readonly transactions: number;
}

/** Adds up the whole chain. Its transactions must all be final: call it on a settled chain. */
export function auditChain(ledger: Ledger, faucet: string): Audit {
  let heldNano = 0n;
  for (const boc of ledger.mark().latest.values()) {
    heldNano += decodeAccount(boc).account?.storage.balance.coins ?? 0n;
  }
  let feesNano = 0n;
  let mintedNano = 0n;
  const records = ledger.index.all();
  for (const record of records) {
    const transaction = loadTransaction(Cell.fromBoc(record.boc)[0]?.beginParse() ?? Cell.EMPTY.beginParse());
    feesNano += transaction.totalFees.coins;
    for (const message of transaction.outMessages.values()) {
      if (message.info.type === "internal") {
        feesNano += message.info.forwardFee;
      }
    }
    const info = transaction.inMessage?.info;
    if (info?.type === "internal" && info.src.toRawString() === faucet) {
      mintedNano += info.value.coins;
    }
  }
  let inFlightNano = 0n;
  for (const cell of ledger.queue()) {
    const { info } = loadMessage(cell.beginParse());
    inFlightNano += info.type === "internal" ? info.value.coins : 0n;
  }
  return { heldNano, feesNano, inFlightNano, mintedNano, transactions: records.length };
}
