import { sql } from "kysely";
import { prepared } from "./prepared";
import type { SignedHead } from "./records";
import type { Store } from "./store";
import type { LanesTable } from "./tables";
import { toU64Text } from "./u64";

const ZERO = toU64Text(0n);

type HeadRow = Pick<
  LanesTable,
  "job" | "worker" | "size" | "root" | "amount" | "issuedAtSeconds" | "signature" | "updatedAt"
>;

const upsertHead = prepared<HeadRow, unknown>((db, field) =>
  db
    .insertInto("lanes")
    .values({
      job: field("job"),
      worker: field("worker"),
      size: field("size"),
      root: field("root"),
      amount: field("amount"),
      issuedAtSeconds: field("issuedAtSeconds"),
      signature: field("signature"),
      claimed: ZERO,
      settled: ZERO,
      pending: ZERO,
      updatedAt: field("updatedAt"),
    })
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
    ),
);

/** Keeps the newest signed head of a lane: one of smaller or equal size never replaces the stored one. */
export async function saveHead(
  store: Store,
  { head }: { readonly head: SignedHead },
): Promise<"saved" | "older"> {
  const { numAffectedRows } = await upsertHead(store, {
    job: head.job,
    worker: head.worker,
    size: toU64Text(head.size),
    root: head.root,
    amount: toU64Text(head.amountNano),
    issuedAtSeconds: head.issuedAtSeconds,
    signature: head.signature,
    updatedAt: store.clock.nowMs(),
  });
  return numAffectedRows === 1n ? "saved" : "older";
}
