import type { Batch, Intent } from "./records";
import type { BatchesTable, IntentsTable } from "./tables";
import { fromU64Text, fromU64TextOrNull } from "./u64";

type IntentRow = Omit<IntentsTable, "seq">;

export function intentFromRow(row: IntentRow): Intent {
  return {
    key: row.key,
    wallet: row.wallet,
    destination: row.destination,
    valueNano: fromU64Text(row.value),
    bounce: row.bounce === 1,
    ...(row.body === null ? {} : { body: row.body }),
    ...(row.init === null ? {} : { init: row.init }),
    ...(row.note === null ? {} : { note: row.note }),
    status: row.status,
    batchId: row.batchId ?? undefined,
    attempts: row.attempts,
    txLt: fromU64TextOrNull(row.txLt),
    outIndex: row.outIndex ?? undefined,
    outLt: fromU64TextOrNull(row.outLt),
    exitCode: row.exitCode ?? undefined,
    bounceLt: fromU64TextOrNull(row.bounceLt),
    createdAt: row.createdAt,
  };
}

export function batchFromRow(row: BatchesTable): Batch {
  return {
    id: row.id,
    wallet: row.wallet,
    seqno: row.seqno,
    validUntilSeconds: row.validUntilSeconds,
    boc: row.boc,
    walletLt: fromU64Text(row.walletLt),
    status: row.status,
    txLt: fromU64TextOrNull(row.txLt),
  };
}
