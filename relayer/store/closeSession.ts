import type { Store } from "./store";

export async function closeSession(store: Store, { job }: { readonly job: string }): Promise<boolean> {
  const result = await store.db
    .updateTable("sessions")
    .set({ closedAt: store.clock.nowMs() })
    .where("job", "=", job)
    .where("closedAt", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
