import {
  encodeLeaf,
  parseRecord,
  type ReceiptRecord,
  type RequestId,
  toBase64,
  toHex,
  toRequestId,
  verifyRecord,
} from "../../protocol";
import { saveReceipt } from "../../store";
import type { JobEntry } from "../book";
import type { Context } from "../context";
import type { Route } from "./admit";
import { createWholeLog, type WholeLog } from "./wholeLog";

type KeepContext = Pick<Context, "networkId" | "store" | "book" | "metrics" | "pool" | "log">;

interface Answered {
  readonly requestId: RequestId;
  readonly json: Uint8Array;
}

/**
 * Verifies the record of an answer and makes receipt and head durable, with every receipt before it: only then may the answer
 * end. What fails here ends it in the middle, since an answer that cannot be paid must not look complete.
 */
export function keepRecord(context: KeepContext, route: Route, answer: Answered): Promise<void> {
  return keep(context, route, answer, (missing) => fetchRecords(context, route, missing));
}

async function keep(
  context: KeepContext,
  route: Route,
  answer: Answered,
  fetch?: Parameters<WholeLog["keep"]>[2],
): Promise<void> {
  const { job, identity } = route;
  const record = parseRecord(answer.json);
  const last = job.lastLeaves.get(identity.receiptKey);
  verify(context, route, record);
  const { leaf, head } = record;
  await logOf(context, route).keep(
    leaf.index,
    () => save(context, route, { requestId: answer.requestId, record }),
    fetch,
  );
  const before = job.earnedNano;
  context.book.earned(job, identity.receiptKey, head.amount);
  if (last === undefined || last.index < leaf.index) {
    job.lastLeaves.set(identity.receiptKey, leaf);
  }
  context.metrics.receipts.inc();
  context.metrics.receiptNano.inc(Number(job.earnedNano - before));
}

function logOf({ store }: KeepContext, { job, identity }: Route): WholeLog {
  const worker = identity.receiptKey;
  const known = job.logs.get(worker) ?? createWholeLog(store, { job: job.row.address, worker });
  job.logs.set(worker, known);
  return known;
}

/** Receipts whose answers broke off, or that a relayer before this one did not live to store: the worker has them. */
async function fetchRecords(
  context: KeepContext,
  route: Route,
  missing: { readonly from: number; readonly count: number },
): Promise<void> {
  const { job, worker } = route;
  const found = await context.pool.records(worker, { job: job.row.address, ...missing });
  context.log.info({
    msg: "receipts fetched",
    job: job.row.address,
    from: missing.from,
    found: found.length,
  });
  for (const { requestId, record } of found) {
    await keep(context, route, {
      requestId: toRequestId(requestId),
      json: Buffer.from(JSON.stringify(record)),
    });
  }
}

function verify(
  { networkId }: KeepContext,
  { job, identity }: { readonly job: JobEntry; readonly identity: Route["identity"] },
  record: ReceiptRecord,
): void {
  const last = job.lastLeaves.get(identity.receiptKey);
  verifyRecord(record, {
    networkId,
    job: job.terms.job,
    workerPublicKey: identity.receiptPublicKey,
    prices: job.terms,
    previous: last?.index === record.leaf.index - 1 ? last : undefined,
  });
}

function save(
  { store }: KeepContext,
  { job, identity }: Route,
  { requestId, record }: { readonly requestId: RequestId; readonly record: ReceiptRecord },
): Promise<unknown> {
  const common = { job: job.row.address, worker: identity.receiptKey };
  const { leaf, head } = record;
  return saveReceipt(store, {
    receipt: {
      ...common,
      requestId,
      index: BigInt(leaf.index),
      leaf: toBase64(encodeLeaf(leaf)),
      proof: record.proof.map(toBase64),
      head: {
        ...common,
        size: BigInt(head.size),
        root: toBase64(head.root),
        amountNano: head.amount,
        issuedAtSeconds: head.issuedAt,
        signature: toBase64(record.signature),
      },
      requestHash: toHex(leaf.requestHash),
      responseHash: toHex(leaf.responseHash),
      amountNano: leaf.amount,
    },
  });
}
