import type { Address } from "@ton/core";
import { liteServerError } from "../../apiError";
import type { TransactionRecord } from "../../chain/records";
import { distortPage } from "../../faults";
import type { ApiContext, Methods } from "../context";
import { decodeTransaction } from "../formats";
import type { Params } from "../params";
import { transactionJson } from "./format";

const MAX_PAGE = 1_000;

/** Newest first, from `(lt, hash)` inclusive, down to `to_lt` exclusive. */
function page(context: ApiContext, params: Params): TransactionRecord[] {
  const all = context.chain.ledger.index.ofAccount(params.address("address").toRawString());
  const limit = Math.min(Math.max(params.integerOr("limit", 10), 1), MAX_PAGE);
  const stopLt = params.has("to_lt") ? params.bigint("to_lt") : 0n;
  const start = params.has("lt") ? positionOf(all, params) : all.length - 1;
  const found: TransactionRecord[] = [];
  for (let position = start; position >= 0 && found.length < limit; position--) {
    const record = all[position];
    if (record === undefined || record.lt <= stopLt) {
      break;
    }
    found.push(record);
  }
  return found;
}

function positionOf(all: readonly TransactionRecord[], params: Params): number {
  const lt = params.bigint("lt");
  const hash = params.has("hash") ? params.hash("hash") : undefined;
  const position = all.findLastIndex((record) => record.lt === lt);
  const record = all[position];
  if (record === undefined || (hash !== undefined && !record.hash.equals(hash))) {
    throw liteServerError(`cannot locate transaction in block with specified logical time ${lt}`);
  }
  return position;
}

/** The transaction of `destination` that took in what `source` sent at `created_lt`. */
function resultOf(context: ApiContext, params: Params): TransactionRecord {
  const source = params.address("source");
  const createdLt = params.bigint("created_lt");
  const found = ofAccount(context, params.address("destination")).find((record) => {
    const info = decodeTransaction(record).inMessage?.message.info;
    return info?.type === "internal" && info.createdLt === createdLt && info.src.equals(source);
  });
  return found ?? missingMessage();
}

/** The transaction of `source` that sent a message at `created_lt`. */
function sourceOf(context: ApiContext, params: Params): TransactionRecord {
  const createdLt = params.bigint("created_lt");
  const found = ofAccount(context, params.address("source")).find((record) =>
    decodeTransaction(record).outMessages.some(
      ({ message }) => message.info.type !== "external-in" && message.info.createdLt === createdLt,
    ),
  );
  return found ?? missingMessage();
}

const ofAccount = (context: ApiContext, address: Address): readonly TransactionRecord[] =>
  context.chain.ledger.index.ofAccount(address.toRawString());

function missingMessage(): never {
  throw liteServerError("message not found");
}

export const transactionMethods: Methods = {
  getTransactions: (context, params, target) =>
    distortPage(context.faults, target, page(context, params)).map(transactionJson),
  tryLocateTx: (context, params) => transactionJson(resultOf(context, params)),
  tryLocateResultTx: (context, params) => transactionJson(resultOf(context, params)),
  tryLocateSourceTx: (context, params) => transactionJson(sourceOf(context, params)),
};
