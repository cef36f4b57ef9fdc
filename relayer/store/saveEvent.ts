import type { StoredEvent } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/** Bigints in a body are written as `{"$u":"decimal"}`, because JSON has none. */
function toJson(body: unknown): string {
  return JSON.stringify(body, (_key, value: unknown) =>
    typeof value === "bigint" ? { $u: value.toString() } : value,
  );
}

/** Keyed by (account, lt, index): the same event again is not saved and answers false. */
export async function saveEvent(store: Store, { event }: { readonly event: StoredEvent }): Promise<boolean> {
  const result = await store.db
    .insertInto("events")
    .values({
      account: event.account,
      lt: toU64Text(event.lt),
      idx: event.index,
      kind: event.kind,
      body: toJson(event.body),
      utime: event.utime,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
