import { FinalError } from "../errors";
import type { Outcome } from "./groupCommit";
import type { ReceiptRecord } from "./records";
import { upsertHeads } from "./saveHead";
import type { SavedReceipt, Store } from "./store";
import type { ReceiptsTable } from "./tables";
import { toU64Text } from "./u64";

type Key = Pick<ReceiptsTable, "requestId" | "job" | "worker" | "idx" | "leaf">;

/** Writes receipts and their heads in the caller's transaction: one outcome per item, in order. */
export async function commitReceipts(
  tx: Store,
  { items }: { readonly items: readonly ReceiptRecord[] },
): Promise<readonly Outcome<SavedReceipt>[]> {
  const now = tx.clock.nowMs();
  const rows = items.map((item) => toRow(item, now));
  const inserted = await tx.db
    .insertInto("receipts")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returning("requestId")
    .execute();
  const fresh = new Set(inserted.map((row) => row.requestId));
  const stored = fresh.size === rows.length ? [] : await findStored(tx, rows);
  const outcomes = rows.map((row) => outcomeOf(row, fresh, stored));
  await upsertHeads(
    tx,
    items.filter((_, i) => outcomes[i]?.ok === true).map((item) => item.head),
  );
  return outcomes;
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

/** Everything stored that could stand in the way of `rows`. */
async function findStored(tx: Store, rows: readonly ReceiptsTable[]): Promise<readonly Key[]> {
  return await tx.db
    .selectFrom("receipts")
    .select(["requestId", "job", "worker", "idx", "leaf"])
    .where((where) =>
      where.or([
        where(
          "requestId",
          "in",
          rows.map((row) => row.requestId),
        ),
        ...rows.map((row) => where.and({ job: row.job, worker: row.worker, idx: row.idx })),
      ]),
    )
    .execute();
}

function outcomeOf(row: Key, fresh: Set<string>, stored: readonly Key[]): Outcome<SavedReceipt> {
  const clash = stored.find((other) => collides(row, other) && !isSame(row, other));
  if (clash === undefined) {
    // The first of two equal items in one batch is the one that was written.
    return { ok: true, value: fresh.delete(row.requestId) ? "saved" : "repeated" };
  }
  return {
    ok: false,
    error: new FinalError(
      "STORE_FAILED",
      "Another receipt is stored under the same request or the same place in the lane: the worker signed twice.",
      {
        requestId: row.requestId,
        storedRequestId: clash.requestId,
        job: row.job,
        worker: row.worker,
        idx: row.idx,
      },
    ),
  };
}

function collides(a: Key, b: Key): boolean {
  return a.requestId === b.requestId || (a.job === b.job && a.worker === b.worker && a.idx === b.idx);
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
