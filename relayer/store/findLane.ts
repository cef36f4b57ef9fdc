import { laneFromRow } from "./laneRows";
import type { Lane } from "./records";
import type { Store } from "./store";

export async function findLane(
  store: Store,
  { job, worker }: { readonly job: string; readonly worker: string },
): Promise<Lane | undefined> {
  const row = await store.db
    .selectFrom("lanes")
    .selectAll()
    .where("job", "=", job)
    .where("worker", "=", worker)
    .executeTakeFirst();
  return row === undefined ? undefined : laneFromRow(row);
}
