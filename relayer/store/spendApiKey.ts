import { FinalError, RetryableError } from "../errors";
import type { Store } from "./store";
import { fromU64Text, fromU64TextOrNull, toU64Text } from "./u64";

/** Rounds of a race with other gateways on one key before giving up. */
const MAX_ATTEMPTS = 8;

/**
 * Adds to what a key has spent and answers the new total; refused above its limit. A negative amount gives back what a
 * reservation did not use, never below zero.
 */
export async function spendApiKey(
  store: Store,
  { id, amountNano }: { readonly id: string; readonly amountNano: bigint },
): Promise<bigint> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const row = await store.db
      .selectFrom("apiKeys")
      .select(["spent", "limit"])
      .where("id", "=", id)
      .where("revokedAt", "is", null)
      .executeTakeFirst();
    if (row === undefined) {
      throw new FinalError("UNAUTHORIZED", "This API key does not exist or was revoked.", { id });
    }
    const sum = fromU64Text(row.spent) + amountNano;
    const spentNano = sum < 0n ? 0n : sum;
    const limitNano = fromU64TextOrNull(row.limit);
    if (amountNano > 0n && limitNano !== undefined && spentNano > limitNano) {
      throw new FinalError(
        "SPEND_LIMIT_EXCEEDED",
        "This API key's spend limit does not allow the request: raise the limit or wait for its next period.",
        { id, limitNano, spentNano: fromU64Text(row.spent), amountNano },
      );
    }
    const result = await store.db
      .updateTable("apiKeys")
      .set({ spent: toU64Text(spentNano) })
      .where("id", "=", id)
      .where("spent", "=", row.spent)
      .executeTakeFirst();
    if (result.numUpdatedRows > 0n) {
      return spentNano;
    }
  }
  throw new RetryableError("STORE_FAILED", "Too many requests change this API key at once: try again.", {
    id,
  });
}
