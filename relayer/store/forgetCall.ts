import { textsAccount } from "./saveTexts";
import type { Store } from "./store";

/**
 * Deletes what tells of a call's content: its salt, without which its hashes say nothing, and its texts. What it cost
 * and the signed record that proves so stay. True when there was something to delete.
 */
export async function forgetCall(
  store: Store,
  { requestId }: { readonly requestId: string },
): Promise<boolean> {
  return await store.transaction(async (tx) => {
    await tx.db.deleteFrom("events").where("account", "=", textsAccount(requestId)).execute();
    const { numUpdatedRows } = await tx.db
      .updateTable("calls")
      .set({ salt: "" })
      .where("requestId", "=", requestId)
      .where("salt", "!=", "")
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}
