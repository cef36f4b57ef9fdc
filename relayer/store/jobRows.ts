import { z } from "zod";
import type { Job } from "./records";
import type { JobsTable } from "./tables";
import { fromU64Text } from "./u64";

/** The JSON objects that a role keeps with a row. */
export const extraSchema = z.record(z.string(), z.unknown());

export function jobFromRow(row: JobsTable): Job {
  return {
    role: row.role,
    address: row.address,
    provider: row.provider ?? undefined,
    developer: row.developer,
    nonce: fromU64Text(row.nonce),
    modelHash: row.modelHash,
    sessionKey: row.sessionKey,
    terms: row.terms ?? undefined,
    budgetNano: fromU64Text(row.budget),
    settledNano: fromU64Text(row.settled),
    pendingNano: fromU64Text(row.pending),
    state: row.state,
    deadlineSeconds: row.deadlineSeconds,
    closeSeconds: row.closeSeconds ?? undefined,
    extra: extraSchema.parse(JSON.parse(row.extra)),
  };
}
