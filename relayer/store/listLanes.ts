import { laneFromRow } from "./laneRows";
import type { Lane } from "./records";
import type { Store } from "./store";

/** The lanes of one job, or all of them. */
export async function listLanes(
  store: Store,
  { job }: { readonly job?: string } = {},
): Promise<readonly Lane[]> {
  const all = store.db.selectFrom("lanes").selectAll().orderBy("job").orderBy("worker");
  const rows = await (job === undefined ? all : all.where("job", "=", job)).execute();
  return rows.map(laneFromRow);
}
