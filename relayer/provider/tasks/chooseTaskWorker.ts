import type { Task } from "../../store";
import type { JobEntry } from "../book";
import { type Context, nowSeconds } from "../context";
import { takesRequests, type WorkerEntry } from "../workers/pool";

/**
 * Who runs a task: the worker that its opener named while it lives, since a sealed request opens nowhere else; otherwise
 * the least busy one. A sealed request whose worker is gone goes to another too, which signs that it cannot read it:
 * the price goes back, and the bond is not lost with a key.
 */
export function chooseTaskWorker(
  context: Pick<Context, "pool" | "clock">,
  job: JobEntry,
  task: Task,
): WorkerEntry | undefined {
  const now = nowSeconds(context.clock);
  const fit = context.pool
    .all()
    .filter(
      ({ alive, identity, onChain }) =>
        alive &&
        identity?.modelHash === job.row.modelHash &&
        onChain !== undefined &&
        onChain.expiresAt > now,
    );
  // A worker keeps what it was once named by, for as long as such a key lives.
  const holder = task.worker === undefined ? undefined : context.pool.find(task.worker);
  const named = fit.find((entry) => entry === holder);
  // A worker that is being drained still reads what was sealed to it; anything else goes to one that stays.
  return named ?? fit.filter(takesRequests).sort((left, right) => loadOf(left) - loadOf(right))[0];
}

function loadOf({ slots, identity }: WorkerEntry): number {
  return (slots.inUse() + slots.waiting()) / (identity?.capacity ?? 1);
}
