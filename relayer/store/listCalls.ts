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
    /** Only those that come after this one in the list. */
    readonly olderThan?: Pick<Call, "createdAt" | "requestId"> | undefined;
    /** Not those whose content was deleted, nor those that never reached a worker. */
    readonly isKept?: boolean;
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
  if (by.isKept === true) {
    query = query.where("salt", "!=", "").where("status", "!=", "unsent");
  }
  const { olderThan } = by;
  if (olderThan !== undefined) {
    const { createdAt, requestId } = olderThan;
    query = query.where(({ eb, and, or }) =>
      or([
        eb("createdAt", "<", createdAt),
        and([eb("createdAt", "=", createdAt), eb("requestId", ">", requestId)]),
      ]),
    );
  }
  const rows = await query.orderBy("createdAt", "desc").orderBy("requestId").limit(by.limit).execute();
  return rows.map(callFromRow);
}
