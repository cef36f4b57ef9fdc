import type { Address, TupleItem } from "@ton/core";
import { z } from "zod";
import { badRequest } from "../../apiError";
import type { ApiContext, Methods } from "../context";
import { base64, bocBase64, hashBase64, rawUpper } from "../formats";
import { parseAddress, parseCell } from "../params";
import { lastTransactionId } from "../v2/accounts";
import { parseNumber } from "../v2/stack";

const MAX_ACCOUNTS = 1_000;

function accountState({ chain }: ApiContext, address: Address) {
  const shown = chain.ledger.finalAccount(address);
  const state = shown.account?.storage.state;
  const active = state?.type === "active" ? state.state : undefined;
  const last = lastTransactionId(shown);
  return {
    address: rawUpper(address),
    balance: (shown.account?.storage.balance.coins ?? 0n).toString(),
    code_boc: bocBase64(active?.code) || null,
    data_boc: bocBase64(active?.data) || null,
    code_hash: active?.code ? base64(active.code.hash()) : null,
    data_hash: active?.data ? base64(active.data.hash()) : null,
    frozen_hash: state?.type === "frozen" ? hashBase64(state.stateHash) : null,
    last_transaction_hash: last.hash,
    last_transaction_lt: last.lt,
    status: state?.type === "uninit" || state === undefined ? "uninit" : state.type,
  };
}

const stackEntry = z.object({ type: z.string(), value: z.union([z.string(), z.number()]) });

function parseStack(raw: unknown): TupleItem[] {
  const parsed = z
    .array(stackEntry)
    .max(255)
    .safeParse(raw ?? []);
  if (!parsed.success) {
    throw badRequest("Incorrect stack: every entry has a type and a value");
  }
  return parsed.data.map(({ type, value }) => {
    switch (type) {
      case "num":
        return { type: "int", value: parseNumber(String(value)) };
      case "cell":
        return { type: "cell", cell: parseCell(String(value)) };
      case "slice":
        return { type: "slice", cell: parseCell(String(value)) };
      default:
        throw badRequest("Incorrect stack: unknown entry type");
    }
  });
}

function stackItem(item: TupleItem): unknown {
  switch (item.type) {
    case "int":
      return {
        type: "num",
        value: item.value < 0n ? `-0x${(-item.value).toString(16)}` : `0x${item.value.toString(16)}`,
      };
    case "tuple":
      return { type: "tuple", value: item.items.map(stackItem) };
    case "null":
      return { type: "list", value: [] };
    case "nan":
      return { type: "num", value: "NaN" };
    default:
      return { type: item.type, value: bocBase64(item.cell) };
  }
}

export const v3AccountMethods: Methods = {
  addressInformation(context, params) {
    const state = accountState(context, params.address("address"));
    const { code_boc: code, data_boc: data, address: _, code_hash, data_hash, ...rest } = state;
    return { ...rest, code, data };
  },
  accountStates: (context, params) => ({
    accounts: params
      .list("address")
      .slice(0, MAX_ACCOUNTS)
      .map((address) => accountState(context, parseAddress(address))),
    address_book: {},
  }),
  runGetMethod(context, params) {
    const result = context.chain.runGetter({
      address: params.address("address"),
      method: params.text("method"),
      stack: parseStack(params.raw("stack")),
    });
    return { gas_used: result.gasUsed, exit_code: result.exitCode, stack: result.stack.map(stackItem) };
  },
};
