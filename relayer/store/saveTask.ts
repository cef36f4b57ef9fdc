import type { Task } from "./records";
import type { Store } from "./store";

/** Writes a task as it now stands. A job that is opened anew at the same address takes the place of the one before. */
export async function saveTask(store: Store, { task }: { readonly task: Task }): Promise<void> {
  const now = store.clock.nowMs();
  const columns = {
    openedAtSeconds: task.openedAtSeconds,
    request: task.request,
    worker: task.worker ?? null,
    state: task.state,
    answer: task.answer === undefined ? null : JSON.stringify(task.answer),
    updatedAt: now,
  };
  await store.db
    .insertInto("tasks")
    .values({ job: task.job, createdAt: now, ...columns })
    .onConflict((conflict) => conflict.column("job").doUpdateSet(columns))
    .execute();
}
