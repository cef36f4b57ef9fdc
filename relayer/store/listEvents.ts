import type { StoredEvent } from "./records";
import type { Store } from "./store";
import { fromU64Text, toU64Text } from "./u64";

function fromJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "$u" in value && typeof value.$u === "string"
      ? BigInt(value.$u)
      : value,
  );
}

/** One account's events in order. Never ordered over several accounts: their logical times are unrelated. */
export async function listEvents(
  store: Store,
  page: { readonly account: string; readonly fromLt?: bigint; readonly limit: number },
): Promise<readonly StoredEvent[]> {
  const rows = await store.db
    .selectFrom("events")
    .selectAll()
    .where("account", "=", page.account)
    .where("lt", ">=", toU64Text(page.fromLt ?? 0n))
    .orderBy("lt")
    .orderBy("idx")
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    account: row.account,
    lt: fromU64Text(row.lt),
    index: row.idx,
    kind: row.kind,
    body: fromJson(row.body),
    utime: row.utime,
  }));
}
