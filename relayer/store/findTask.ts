import type { Task } from "./records";
import type { Store } from "./store";
import { taskFromRow } from "./taskRows";

export async function findTask(store: Store, { job }: { readonly job: string }): Promise<Task | undefined> {
  const row = await store.db.selectFrom("tasks").selectAll().where("job", "=", job).executeTakeFirst();
  return row === undefined ? undefined : taskFromRow(row);
}
