import { z } from "zod";
import type { StoredReceipt } from "./records";
import type { ReceiptsTable } from "./tables";
import { fromU64Text } from "./u64";

const proofSchema = z.array(z.string());
const headSchema = z.object({
  size: z.string(),
  root: z.string(),
  amount: z.string(),
  issuedAt: z.number(),
  signature: z.string(),
});

export function receiptFromRow(row: ReceiptsTable): StoredReceipt {
  const head = headSchema.parse(JSON.parse(row.head));
  return {
    requestId: row.requestId,
    job: row.job,
    worker: row.worker,
    index: fromU64Text(row.idx),
    leaf: row.leaf,
    proof: proofSchema.parse(JSON.parse(row.proof)),
    head: {
      job: row.job,
      worker: row.worker,
      size: BigInt(head.size),
      root: head.root,
      amountNano: BigInt(head.amount),
      issuedAtSeconds: head.issuedAt,
      signature: head.signature,
    },
    requestHash: row.requestHash,
    responseHash: row.responseHash,
    amountNano: fromU64Text(row.amount),
    createdAt: row.createdAt,
  };
}
