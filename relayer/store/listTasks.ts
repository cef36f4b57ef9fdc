import type { Task } from "./records";
import type { Store } from "./store";
import { taskFromRow } from "./taskRows";

/** Tasks of these states, oldest first. */
export async function listTasks(
  store: Store,
  { states }: { readonly states: readonly Task["state"][] },
): Promise<readonly Task[]> {
  const rows = await store.db
    .selectFrom("tasks")
    .selectAll()
    .where("state", "in", states)
    .orderBy("createdAt")
    .orderBy("job")
    .execute();
  return rows.map(taskFromRow);
}
