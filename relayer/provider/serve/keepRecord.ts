import { encodeLeaf, parseRecord, type RequestId, toBase64, toHex, verifyRecord } from "../../protocol";
import { saveReceipt } from "../../store";
import type { Context } from "../context";
import type { Route } from "./admit";

/**
 * Verifies the record of an answer and makes receipt and head durable: only then may the answer end. What fails here
 * ends it in the middle, since an answer that cannot be paid must not look complete.
 */
export async function keepRecord(
  context: Pick<Context, "networkId" | "store" | "book" | "metrics" | "kick">,
  { job, identity }: Route,
  answer: { readonly requestId: RequestId; readonly json: Uint8Array },
): Promise<void> {
  const record = parseRecord(answer.json);
  const last = job.lastLeaves.get(identity.receiptKey);
  const head = verifyRecord(record, {
    networkId: context.networkId,
    job: job.terms.job,
    workerPublicKey: identity.receiptPublicKey,
    prices: job.terms,
    previous: last?.index === record.leaf.index - 1 ? last : undefined,
  });
  const common = { job: job.row.address, worker: identity.receiptKey };
  const { leaf } = record;
  await saveReceipt(context.store, {
    receipt: {
      ...common,
      requestId: answer.requestId,
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
  const before = job.earnedNano;
  context.book.earned(job, identity.receiptKey, head.amount);
  if (last === undefined || last.index < leaf.index) {
    job.lastLeaves.set(identity.receiptKey, leaf);
  }
  context.metrics.receipts.inc();
  context.metrics.receiptNano.inc(Number(job.earnedNano - before));
}
