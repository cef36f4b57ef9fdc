import { BitReader, type Cell } from "@ton/core";
import { at, rawCells, toCell } from "./rawBoc";

/** What a sequence needs of a `ShardAccount`. */
export interface AccountView {
  readonly balance: bigint;
  /** Undefined when the account has no code: it never was, was destroyed, or nothing could be deployed. */
  readonly data: Cell | undefined;
}

/**
 * Reads balance and data of an account. `loadShardAccount` would build and hash every cell of the code as well, which
 * takes longer than the transaction did; here only the cells of the data are made.
 */
export function readAccount(base64: string): AccountView {
  const cells = rawCells(Buffer.from(base64, "base64"));
  const account = at(cells, at(at(cells, 0).refs, 0)); // ShardAccount: the account is its first reference
  const reader = new BitReader(account.bits);
  if (!reader.loadBit()) {
    return { balance: 0n, data: undefined };
  }
  reader.loadAddress();
  skipStorageInfo(reader);
  reader.skip(64); // last_trans_lt
  const balance = reader.loadCoins();
  reader.skip(1); // no other currencies
  const isActive = reader.loadBit();
  const data = isActive ? account.refs[account.refs.length - 1] : undefined;
  return { balance, data: data === undefined ? undefined : toCell(cells, data) };
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
