import { BitReader, type Cell } from "@ton/core";
import type { Bags } from "./bags";

/** What a sequence needs of a `ShardAccount`. */
export interface AccountView {
  readonly balance: bigint;
  /** Undefined when the account has no code: it never was, was destroyed, or nothing could be deployed. */
  readonly data: Cell | undefined;
  /** Whether it may need a library: all but those that have their whole code. */
  readonly needsLibrary: boolean;
}

export const NO_ACCOUNT: AccountView = { balance: 0n, data: undefined, needsLibrary: true };

/**
 * Reads balance and data of an account. `loadShardAccount` would build and hash every cell of the code as well, which
 * takes longer than the transaction did; here only the cells of the data are made.
 */
export function readAccount(bags: Bags, base64: string): AccountView {
  const bag = bags.read(base64);
  const account = bag.refs(0)[0] ?? 0; // ShardAccount: the account is its first reference
  const reader = new BitReader(bag.bits(account));
  if (!reader.loadBit()) {
    return NO_ACCOUNT;
  }
  reader.loadAddress();
  skipStorageInfo(reader);
  reader.skip(64); // last_trans_lt
  const balance = reader.loadCoins();
  reader.skip(1); // no other currencies
  const [code, data] = reader.loadBit() ? bag.refs(account) : [];
  return {
    balance,
    data: data === undefined ? undefined : bag.cell(data),
    needsLibrary: code === undefined || bag.isExotic(code),
  };
}

function skipStorageInfo(reader: BitReader): void {
  reader.loadVarUintBig(3); // cells
  reader.loadVarUintBig(3); // bits
  if (reader.loadUint(3) === 1) {
    reader.skip(256); // hash of the account's dictionary of cells
  }
  reader.skip(32); // last_paid
  if (reader.loadBit()) {
    reader.loadCoins(); // due_payment
  }
}
