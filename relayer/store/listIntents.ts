import { intentFromRow } from "./intentRows";
import type { Intent } from "./records";
import type { Store } from "./store";
import type { IntentStatus } from "./tables";

/** A wallet's intents in the order they were queued; by batch they come in the order of its messages. */
export async function listIntents(
  store: Store,
  by: {
    readonly wallet: string;
    readonly statuses?: readonly IntentStatus[];
    readonly batchId?: string;
    readonly limit?: number;
  },
): Promise<readonly Intent[]> {
  let query = store.db.selectFrom("intents").selectAll().where("wallet", "=", by.wallet);
  if (by.statuses !== undefined) {
    query = query.where("status", "in", by.statuses);
  }
  query =
    by.batchId === undefined
      ? query.orderBy("seq")
      : query.where("batchId", "=", by.batchId).orderBy("position");
  const rows = await (by.limit === undefined ? query : query.limit(by.limit)).execute();
  return rows.map(intentFromRow);
}
