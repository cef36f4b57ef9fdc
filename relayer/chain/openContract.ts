import {
  type Address,
  beginCell,
  type Contract,
  type ContractProvider,
  external,
  type OpenedContract,
  openContract as openWith,
  type StateInit,
  storeMessage,
  toNano,
} from "@ton/core";
import { FinalError } from "../errors";
import type { AccountState, ChainReader } from "./reader";

/** A wrapper whose getters and sends go through this reader. */
export function openContract<T extends Contract>(reader: ChainReader, contract: T): OpenedContract<T> {
  return openWith(contract, ({ address, init }) => createProvider(reader, address, init));
}

export function createProvider(
  reader: ChainReader,
  address: Address,
  init: StateInit | null,
): ContractProvider {
  const initIfNeeded = async () => {
    const needed = init !== null && (await reader.account(address)).state !== "active";
    return needed ? init : undefined;
  };
  return {
    getState: async () => stateOf(await reader.account(address)),
    get: async (name, args) => {
      if (typeof name !== "string") {
        throw new FinalError("BAD_REQUEST", "A getter is called by name here, not by its number.");
      }
      return { stack: await reader.runGetMethod(address, name, args) };
    },
    external: async (body) => {
      const message = external({ to: address, init: await initIfNeeded(), body });
      await reader.sendBoc(beginCell().store(storeMessage(message)).endCell().toBoc());
    },
    internal: async (via, args) => {
      if (typeof args.body === "string") {
        throw new FinalError("BAD_REQUEST", "Contracts here take binary messages only, not a comment.");
      }
      await via.send({
        to: address,
        value: typeof args.value === "string" ? toNano(args.value) : args.value,
        bounce: args.bounce ?? true,
        sendMode: args.sendMode,
        init: await initIfNeeded(),
        body: args.body,
      });
    },
    open: (contract) => openContract(reader, contract),
    getTransactions: async (account, lt, hash, limit) => {
      const page = await reader.transactions(account, { lt, hash: hash.toString("hex") }, 0n);
      return page.slice(0, limit);
    },
  };
}

function stateOf(account: AccountState) {
  const { last, balanceNano } = account;
  return {
    balance: balanceNano,
    extracurrency: null,
    last: last.lt === 0n ? null : { lt: last.lt, hash: Buffer.from(last.hash, "hex") },
    state: stateKind(account),
  };
}

function stateKind({ state, code, data }: AccountState) {
  switch (state) {
    case "active":
      return { type: "active", code: code?.toBoc() ?? null, data: data?.toBoc() ?? null } as const;
    case "frozen":
      return { type: "frozen", stateHash: Buffer.alloc(32) } as const;
    case "uninitialized":
      return { type: "uninit" } as const;
  }
}
