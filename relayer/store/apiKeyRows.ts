import { extraSchema } from "./jobRows";
import type { ApiKey } from "./records";
import type { ApiKeysTable } from "./tables";
import { fromU64Text, fromU64TextOrNull } from "./u64";

export function apiKeyFromRow(row: ApiKeysTable): ApiKey {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    limitNano: fromU64TextOrNull(row.limit),
    spentNano: fromU64Text(row.spent),
    limits: extraSchema.parse(JSON.parse(row.limits)),
    createdAt: row.createdAt,
    revokedAt: row.revokedAt ?? undefined,
  };
}
