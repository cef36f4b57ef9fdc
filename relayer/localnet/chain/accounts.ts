import {
  type Account,
  type Address,
  beginCell,
  Cell,
  loadShardAccount,
  type ShardAccount,
  type StateInit,
  storeShardAccount,
} from "@ton/core";
import type { AccountKey } from "./records";

/** Decoded accounts in memory, some ten kilobytes each. */
const MAX_DECODED = 1024;

/** A `ShardAccount` that has never seen a transaction, as base64. */
export function newAccount(address: Address, balance: bigint, state?: StateInit): string {
  const account: Account = {
    addr: address,
    storageStats: { used: { cells: 0n, bits: 0n }, storageExtra: null, lastPaid: 0 },
    storage: {
      lastTransLt: 0n,
      balance: { coins: balance },
      state: state === undefined ? { type: "uninit" } : { type: "active", state },
    },
  };
  return encodeAccount({ account, lastTransactionHash: 0n, lastTransactionLt: 0n });
}

export function encodeAccount(account: ShardAccount): string {
  return beginCell().store(storeShardAccount(account)).endCell().toBoc().toString("base64");
}

export function decodeAccount(boc: string): ShardAccount {
  return loadShardAccount(Cell.fromBase64(boc).beginParse());
}

/** Decodes each account's state once: a state is asked about many times before the next one. */
export function createAccountDecoder(): (key: AccountKey, boc: string) => ShardAccount {
  const known = new Map<AccountKey, { readonly boc: string; readonly account: ShardAccount }>();
  return (key, boc) => {
    const found = known.get(key);
    if (found?.boc === boc) {
      return found.account;
    }
    if (known.size >= MAX_DECODED) {
      known.clear();
    }
    const account = decodeAccount(boc);
    known.set(key, { boc, account });
    return account;
  };
}
