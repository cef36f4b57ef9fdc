import type { TransactionRecord } from "../../chain/records";
import { distortPage } from "../../faults";
import type { ApiContext, Method, Methods } from "../context";
import { base64, decodeTransaction } from "../formats";
import { type Params, parseAddress, parseHash } from "../params";
import { messageJson, transactionJson } from "./format";

const MAX_PAGE = 1_000;

/** The newest block that the indexer has reached. */
export function indexedSeqno({ chain, faults }: ApiContext): number {
  return Math.max(1, chain.ledger.finalBlock().seqno - faults.level("indexerLag"));
}

const compareLt = (a: TransactionRecord, b: TransactionRecord): number =>
  a.lt < b.lt ? -1 : a.lt > b.lt ? 1 : 0;

function candidates(context: ApiContext, params: Params): readonly TransactionRecord[] {
  const { index } = context.chain.ledger;
  const accounts = params.list("account");
  const found =
    accounts.length === 0
      ? index.all()
      : accounts.flatMap((account) => index.ofAccount(parseAddress(account).toRawString()));
  const newest = indexedSeqno(context);
  return found.filter((record) => record.blockSeqno <= newest);
}

function matching(context: ApiContext, params: Params): TransactionRecord[] {
  const startLt = params.has("start_lt") ? params.bigint("start_lt") : 0n;
  const endLt = params.has("end_lt") ? params.bigint("end_lt") : undefined;
  const startUtime = params.integerOr("start_utime", 0);
  const endUtime = params.integerOr("end_utime", Number.MAX_SAFE_INTEGER);
  const hash = params.has("hash") ? params.hash("hash") : undefined;
  const lt = params.has("lt") ? params.bigint("lt") : undefined;
  const seqno = params.has("mc_seqno") ? params.integer("mc_seqno") : undefined;
  return candidates(context, params).filter(
    (record) =>
      record.lt >= startLt &&
      (endLt === undefined || record.lt <= endLt) &&
      record.utime >= startUtime &&
      record.utime <= endUtime &&
      (hash === undefined || record.hash.equals(hash)) &&
      (lt === undefined || record.lt === lt) &&
      (seqno === undefined || record.blockSeqno === seqno),
  );
}

/** Logical times order several accounts among each other as the indexer does: by number alone. */
function sortedPage<T>(items: readonly T[], params: Params): readonly T[] {
  const sorted = params.textOr("sort", "desc") === "asc" ? items : items.toReversed();
  const offset = Math.max(params.integerOr("offset", 0), 0);
  const limit = Math.min(Math.max(params.integerOr("limit", 10), 1), MAX_PAGE);
  return sorted.slice(offset, offset + limit);
}

const messageHashes = (params: Params): string[] =>
  params.list("msg_hash").map((hash) => base64(parseHash(hash)));

function byMessage(context: ApiContext, params: Params): TransactionRecord[] {
  const { index } = context.chain.ledger;
  const newest = indexedSeqno(context);
  const direction = params.textOr("direction", "");
  return messageHashes(params)
    .flatMap((hash) => {
      return index.byMessage(hash).filter((record) => {
        const isIn = record.inMessageHash === hash || record.inMessageNormalizedHash === hash;
        return direction === "" || (direction === "in") === isIn;
      });
    })
    .filter((record) => record.blockSeqno <= newest);
}

const transactionsPage = (
  context: ApiContext,
  params: Params,
  target: string,
  records: readonly TransactionRecord[],
) => ({
  transactions: distortPage(context.faults, target, sortedPage([...records].sort(compareLt), params)).map(
    (record) => transactionJson(record),
  ),
  address_book: {},
});

const messages: Method = (context, params) => {
  const found = messageHashes(params).flatMap((hash) => {
    const record = context.chain.ledger.index.byMessage(hash)[0];
    if (record === undefined || record.blockSeqno > indexedSeqno(context)) {
      return [];
    }
    const { inMessage, outMessages } = decodeTransaction(record);
    const all = inMessage === undefined ? outMessages : [inMessage, ...outMessages];
    const isWanted =
      record.inMessageNormalizedHash === hash ? all.slice(0, 1) : all.filter((m) => m.hash === hash);
    return isWanted.map(messageJson);
  });
  return { messages: sortedPage(found, params), address_book: {} };
};

export const v3TransactionMethods: Methods = {
  transactions: (context, params, target) =>
    transactionsPage(context, params, target, matching(context, params)),
  transactionsByMessage: (context, params, target) =>
    transactionsPage(context, params, target, byMessage(context, params)),
  messages,
};
