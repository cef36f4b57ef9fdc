import { FinalError, RetryableError } from "../errors";
import { prepared } from "./prepared";
import type { Store } from "./store";
import { fromU64Text, fromU64TextOrNull, toU64Text } from "./u64";

/** Rounds of a race with other gateways on one key before giving up. */
const MAX_ATTEMPTS = 8;

const findSpent = prepared<
  { readonly id: string },
  { readonly spent: string; readonly limit: string | null }
>((db, field) =>
  db
    .selectFrom("apiKeys")
    .select(["spent", "limit"])
    .where("id", "=", field("id"))
    .where("revokedAt", "is", null),
);

/** Only while nobody else has changed it. */
const setSpent = prepared<{ readonly id: string; readonly spent: string; readonly before: string }, unknown>(
  (db, field) =>
    db
      .updateTable("apiKeys")
      .set({ spent: field("spent") })
      .where("id", "=", field("id"))
      .where("spent", "=", field("before")),
);

/**
 * Adds to what a key has spent and answers the new total; refused above its limit. A negative amount gives back what a
 * reservation did not use, never below zero.
 */
export async function spendApiKey(
  store: Store,
  { id, amountNano }: { readonly id: string; readonly amountNano: bigint },
): Promise<bigint> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const [row] = (await findSpent(store, { id })).rows;
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
    const { numAffectedRows } = await setSpent(store, { id, spent: toU64Text(spentNano), before: row.spent });
    if (numAffectedRows === 1n) {
      return spentNano;
    }
  }
  throw new RetryableError("STORE_FAILED", "Too many requests change this API key at once: try again.", {
    id,
  });
}
