import type { Call } from "./records";
import type { CallsTable } from "./tables";
import { fromU64Text, fromU64TextOrNull } from "./u64";

export function callFromRow(row: CallsTable): Call {
  return {
    requestId: row.requestId,
    salt: row.salt,
    requestHash: row.requestHash ?? undefined,
    apiKeyId: row.apiKeyId ?? undefined,
    job: row.job,
    worker: row.worker,
    model: row.model,
    status: row.status,
    maxCostNano: fromU64Text(row.maxCost),
    costNano: fromU64TextOrNull(row.cost),
    promptTokens: row.promptTokens ?? undefined,
    completionTokens: row.completionTokens ?? undefined,
    createdAt: row.createdAt,
    finishedAt: row.finishedAt ?? undefined,
  };
}
