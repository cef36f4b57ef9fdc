import { jobFromRow } from "./jobRows";
import type { Job } from "./records";
import type { Store } from "./store";

/** A role's jobs, oldest first; with `states`, only those. */
export async function listJobs(
  store: Store,
  { role, states }: { readonly role: Job["role"]; readonly states?: readonly string[] },
): Promise<readonly Job[]> {
  const all = store.db.selectFrom("jobs").selectAll().where("role", "=", role);
  const some = states === undefined ? all : all.where("state", "in", states);
  const rows = await some.orderBy("createdAt").orderBy("address").execute();
  return rows.map(jobFromRow);
}
