import { jobFromRow } from "./jobRows";
import type { Job } from "./records";
import type { Store } from "./store";

export async function findJob(
  store: Store,
  { role, address }: { readonly role: Job["role"]; readonly address: string },
): Promise<Job | undefined> {
  const row = await store.db
    .selectFrom("jobs")
    .selectAll()
    .where("role", "=", role)
    .where("address", "=", address)
    .executeTakeFirst();
  return row === undefined ? undefined : jobFromRow(row);
}
