import { FinalError, RetryableError } from "../errors";
import { prepared } from "./prepared";
import type { Store } from "./store";
import { fromU64Text, toU64Text } from "./u64";

/** Rounds of a race with other gateways on one key before giving up. */
const MAX_ATTEMPTS = 8;
const DAY_MS = 86_400_000;

type Place = { readonly apiKeyId: string; readonly scope: string; readonly day: number };

const addRow = prepared<Place & { readonly spent: string }, unknown>((db, field) =>
  db
    .insertInto("keyDays")
    .values({ apiKeyId: field("apiKeyId"), scope: field("scope"), day: field("day"), spent: field("spent") })
    .onConflict((conflict) => conflict.doNothing()),
);
const findSpent = prepared<Place, { readonly spent: string }>((db, field) =>
  db
    .selectFrom("keyDays")
    .select("spent")
    .where("apiKeyId", "=", field("apiKeyId"))
    .where("scope", "=", field("scope"))
    .where("day", "=", field("day")),
);
/** Only while nobody else has changed it. */
const setSpent = prepared<Place & { readonly spent: string; readonly before: string }, unknown>((db, field) =>
  db
    .updateTable("keyDays")
    .set({ spent: field("spent") })
    .where("apiKeyId", "=", field("apiKeyId"))
    .where("scope", "=", field("scope"))
    .where("day", "=", field("day"))
    .where("spent", "=", field("before")),
);

/** What a key has spent on the day (UTC) of `atMs`, on everything (`scope` empty) or on one model. */
export async function spentOnDay(
  store: Store,
  { apiKeyId, scope, atMs }: { readonly apiKeyId: string; readonly scope: string; readonly atMs: number },
): Promise<bigint> {
  const [row] = (await findSpent(store, { apiKeyId, scope, day: dayOf(atMs) })).rows;
  return row === undefined ? 0n : fromU64Text(row.spent);
}

/**
 * Adds to what a key has spent on the day of `atMs`; refused above the day's limit, with the seconds until the next day
 * as `retryAfterSeconds`. A negative amount gives back what a reservation of that day did not use, never below zero.
 */
export async function spendKeyDay(
  store: Store,
  spend: {
    readonly apiKeyId: string;
    readonly scope: string;
    readonly atMs: number;
    readonly amountNano: bigint;
    readonly limitNano: bigint;
  },
): Promise<void> {
  const { apiKeyId, scope, atMs, amountNano, limitNano } = spend;
  const place = { apiKeyId, scope, day: dayOf(atMs) };
  await addRow(store, { ...place, spent: toU64Text(0n) });
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const [row] = (await findSpent(store, place)).rows;
    const before = row?.spent ?? toU64Text(0n);
    const sum = fromU64Text(before) + amountNano;
    if (amountNano > 0n && sum > limitNano) {
      throw overDay(spend, limitNano - fromU64Text(before));
    }
    const spent = toU64Text(sum < 0n ? 0n : sum);
    const { numAffectedRows } = await setSpent(store, { ...place, spent, before });
    if (numAffectedRows === 1n) {
      return;
    }
  }
  throw new RetryableError("STORE_FAILED", "Too many requests change this API key at once: try again.");
}

function overDay(
  { scope, limitNano, amountNano, atMs }: Parameters<typeof spendKeyDay>[1],
  leftNano: bigint,
): FinalError {
  const what = scope === "" ? "" : " on this model";
  const left = leftNano < 0n ? 0n : leftNano;
  const retryAfterSeconds = Math.ceil((DAY_MS - (atMs % DAY_MS)) / 1_000);
  return new FinalError(
    "SPEND_LIMIT_EXCEEDED",
    `This API key may spend ${limitNano} nanoton a day${what}, of which ${left} are left, and the request may cost ` +
      `${amountNano}: ask for fewer tokens, wait until midnight UTC, or raise the limit.`,
    { limitNano, leftNano: left, amountNano, retryAfterSeconds },
  );
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}
