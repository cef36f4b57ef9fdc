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
