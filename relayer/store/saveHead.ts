import { sql } from "kysely";
import type { SignedHead } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

const ZERO = toU64Text(0n);

/** Keeps the newest signed head of a lane: one of smaller or equal size never replaces the stored one. */
export async function saveHead(
  store: Store,
  { head }: { readonly head: SignedHead },
): Promise<"saved" | "older"> {
  return (await upsertHeads(store, [head])) > 0 ? "saved" : "older";
}

/** The same for many heads, in the caller's transaction; answers how many lanes advanced. */
export async function upsertHeads(store: Store, heads: readonly SignedHead[]): Promise<number> {
  const newest = new Map<string, SignedHead>();
  for (const head of heads) {
    const lane = `${head.job}/${head.worker}`;
    const known = newest.get(lane);
    if (known === undefined || known.size < head.size) {
      newest.set(lane, head);
    }
  }
  if (newest.size === 0) {
    return 0;
  }
  const updatedAt = store.clock.nowMs();
  const rows = [...newest.values()].map((head) => ({
    job: head.job,
    worker: head.worker,
    size: toU64Text(head.size),
    root: head.root,
    amount: toU64Text(head.amountNano),
    issuedAtSeconds: head.issuedAtSeconds,
    signature: head.signature,
    claimed: ZERO,
    settled: ZERO,
    pending: ZERO,
    updatedAt,
  }));
  const result = await store.db
    .insertInto("lanes")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(["job", "worker"])
        .doUpdateSet((set) => ({
          size: set.ref("excluded.size"),
          root: set.ref("excluded.root"),
          amount: set.ref("excluded.amount"),
          issuedAtSeconds: set.ref("excluded.issuedAtSeconds"),
          signature: set.ref("excluded.signature"),
          updatedAt: set.ref("excluded.updatedAt"),
        }))
        .where(sql.ref("lanes.size"), "<", sql.ref("excluded.size")),
    )
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0n);
}
