import type { Session } from "./records";
import type { Store } from "./store";

export async function findSession(
  store: Store,
  { job }: { readonly job: string },
): Promise<Session | undefined> {
  const row = await store.db.selectFrom("sessions").selectAll().where("job", "=", job).executeTakeFirst();
  return row === undefined ? undefined : { ...row, closedAt: row.closedAt ?? undefined };
}
