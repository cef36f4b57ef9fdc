import { FinalError } from "../errors";
import type { Cursor } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/**
 * Moves an account's cursor from one transaction to a later one. Refused when the cursor is not where the caller found
 * it: another process follows the same account. Call it in the transaction that saves the effects.
 */
export async function advanceCursor(
  store: Store,
  move: { readonly account: string; readonly from: Cursor | undefined; readonly to: Cursor },
): Promise<void> {
  const to = { lt: toU64Text(move.to.lt), hash: move.to.hash, updatedAt: store.clock.nowMs() };
  const changed =
    move.from === undefined
      ? await store.db
          .insertInto("cursors")
          .values({ account: move.account, ...to })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
          .then((result) => result.numInsertedOrUpdatedRows ?? 0n)
      : await store.db
          .updateTable("cursors")
          .set(to)
          .where("account", "=", move.account)
          .where("lt", "=", toU64Text(move.from.lt))
          .where("hash", "=", move.from.hash)
          .executeTakeFirst()
          .then((result) => result.numUpdatedRows);
  if (changed === 0n || (move.from !== undefined && move.to.lt <= move.from.lt)) {
    throw new FinalError(
      "STORE_FAILED",
      "The cursor moved under this process: another one follows the same account.",
      { account: move.account, lt: move.to.lt },
    );
  }
}
