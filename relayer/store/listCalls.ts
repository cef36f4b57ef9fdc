import { callFromRow } from "./callRows";
import type { Call } from "./records";
import type { Store } from "./store";

/** The newest calls first; `unfinished` ones are what a restart has to look at. */
export async function listCalls(
  store: Store,
  by: {
    readonly apiKeyId?: string;
    readonly job?: string;
    readonly unfinished?: boolean;
    readonly limit: number;
  },
): Promise<readonly Call[]> {
  let query = store.db.selectFrom("calls").selectAll();
  if (by.apiKeyId !== undefined) {
    query = query.where("apiKeyId", "=", by.apiKeyId);
  }
  if (by.job !== undefined) {
    query = query.where("job", "=", by.job);
  }
  if (by.unfinished === true) {
    query = query.where("finishedAt", "is", null);
  }
  const rows = await query.orderBy("createdAt", "desc").orderBy("requestId").limit(by.limit).execute();
  return rows.map(callFromRow);
}
