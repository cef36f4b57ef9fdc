import { sql } from "kysely";
import type { Store } from "./store";
import { toU64Text } from "./u64";

const PAGE = 1_000;

/** How many receipts of the lane are stored without a gap, from its first one on. */
export async function countWhole(
  store: Store,
  lane: { readonly job: string; readonly worker: string },
): Promise<number> {
  const stored = await store.db
    .selectFrom("receipts")
    .select([sql<number | string>`count(*)`.as("count"), sql<string | null>`max(idx)`.as("last")])
    .where("job", "=", lane.job)
    .where("worker", "=", lane.worker)
    .executeTakeFirstOrThrow();
  const size = stored.last === null ? 0 : Number(stored.last) + 1;
  return Number(stored.count) === size ? size : await findGap(store, lane);
}

/** The first index that is not there. */
async function findGap(
  store: Store,
  lane: { readonly job: string; readonly worker: string },
): Promise<number> {
  for (let from = 0; ; from += PAGE) {
    const rows = await store.db
      .selectFrom("receipts")
      .select("idx")
      .where("job", "=", lane.job)
      .where("worker", "=", lane.worker)
      .where("idx", ">=", toU64Text(BigInt(from)))
      .orderBy("idx")
      .limit(PAGE)
      .execute();
    const gap = rows.findIndex(({ idx }, place) => Number(idx) !== from + place);
    if (gap >= 0 || rows.length < PAGE) {
      return from + (gap >= 0 ? gap : rows.length);
    }
  }
}
