import { FinalError } from "../errors";
import type { Outcome } from "./groupCommit";
import { prepared } from "./prepared";
import type { ReceiptRecord, SignedHead } from "./records";
import { saveHead } from "./saveHead";
import type { SavedReceipt, Store } from "./store";
import type { ReceiptsTable } from "./tables";
import { toU64Text } from "./u64";

type Key = Pick<ReceiptsTable, "requestId" | "job" | "worker" | "idx" | "leaf">;

const insertReceipt = prepared<Pick<ReceiptsTable, keyof ReceiptsTable>, unknown>((db, field) =>
  db
    .insertInto("receipts")
    .values({
      requestId: field("requestId"),
      job: field("job"),
      worker: field("worker"),
      idx: field("idx"),
      leaf: field("leaf"),
      proof: field("proof"),
      head: field("head"),
      requestHash: field("requestHash"),
      responseHash: field("responseHash"),
      amount: field("amount"),
      createdAt: field("createdAt"),
    })
    .onConflict((conflict) => conflict.doNothing()),
);

/** Writes receipts and their heads in the caller's transaction: one outcome per item, in order. */
export async function commitReceipts(
  tx: Store,
  { items }: { readonly items: readonly ReceiptRecord[] },
): Promise<readonly Outcome<SavedReceipt>[]> {
  const now = tx.clock.nowMs();
  const outcomes: Outcome<SavedReceipt>[] = [];
  const newest = new Map<string, SignedHead>();
  for (const item of items) {
    const outcome = await commitReceipt(tx, toRow(item, now));
    outcomes.push(outcome);
    const { head } = item;
    const lane = `${head.job}/${head.worker}`;
    if (outcome.ok && (newest.get(lane)?.size ?? -1n) < head.size) {
      newest.set(lane, head);
    }
  }
  for (const head of newest.values()) {
    await saveHead(tx, { head });
  }
  return outcomes;
}

async function commitReceipt(tx: Store, row: ReceiptsTable): Promise<Outcome<SavedReceipt>> {
  const { numAffectedRows } = await insertReceipt(tx, { ...row });
  if (numAffectedRows === 1n) {
    return { ok: true, value: "saved" };
  }
  const clash = (await findStored(tx, row)).find((other) => !isSame(row, other));
  return clash === undefined ? { ok: true, value: "repeated" } : { ok: false, error: clashOf(row, clash) };
}

function toRow(item: ReceiptRecord, now: number): ReceiptsTable {
  const { size, root, amountNano, issuedAtSeconds, signature } = item.head;
  return {
    requestId: item.requestId,
    job: item.job,
    worker: item.worker,
    idx: toU64Text(item.index),
    leaf: item.leaf,
    proof: JSON.stringify(item.proof),
    head: JSON.stringify({
      size: size.toString(),
      root,
      amount: amountNano.toString(),
      issuedAt: issuedAtSeconds,
      signature,
    }),
    requestHash: item.requestHash,
    responseHash: item.responseHash,
    amount: toU64Text(item.amountNano),
    createdAt: now,
  };
}

/** What is stored under the same request or in the same place. */
async function findStored(tx: Store, row: Key): Promise<readonly Key[]> {
  return await tx.db
    .selectFrom("receipts")
    .select(["requestId", "job", "worker", "idx", "leaf"])
    .where((where) =>
      where.or([
        where("requestId", "=", row.requestId),
        where.and({ job: row.job, worker: row.worker, idx: row.idx }),
      ]),
    )
    .execute();
}

function clashOf(row: Key, clash: Key): FinalError {
  return new FinalError(
    "STORE_FAILED",
    "Another receipt is stored under the same request or the same place in the lane: the worker signed twice.",
    {
      requestId: row.requestId,
      storedRequestId: clash.requestId,
      job: row.job,
      worker: row.worker,
      idx: row.idx,
    },
  );
}

function isSame(a: Key, b: Key): boolean {
  return (
    a.requestId === b.requestId &&
    a.job === b.job &&
    a.worker === b.worker &&
    a.idx === b.idx &&
    a.leaf === b.leaf
  );
}
