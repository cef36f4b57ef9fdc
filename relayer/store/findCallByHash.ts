import { callFromRow } from "./callRows";
import type { Call } from "./records";
import type { Store } from "./store";

/**
 * The call whose request a worker's receipt names. Certain is that there is none only where the hash of every call of that
 * worker in that job is stored.
 */
export async function findCallByHash(
  store: Store,
  by: { readonly job: string; readonly worker: string; readonly requestHash: string },
): Promise<{ readonly call: Call | undefined; readonly isCertain: boolean }> {
  const { job, worker, requestHash } = by;
  const calls = store.db.selectFrom("calls").where("job", "=", job).where("worker", "=", worker);
  const row = await calls.selectAll().where("requestHash", "=", requestHash).executeTakeFirst();
  const unknown = await calls
    .select("requestId")
    .where("requestHash", "is", null)
    .limit(1)
    .executeTakeFirst();
  return { call: row === undefined ? undefined : callFromRow(row), isCertain: unknown === undefined };
}
