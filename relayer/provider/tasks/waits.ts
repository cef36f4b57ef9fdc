import type { Task } from "../../store";
import type { Context } from "../context";

/** After a failure the wait doubles up to a minute: what a stranger's task points to is not asked every second. */
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 60_000;

export interface Waits {
  failed(task: Task): void;
  clear(task: Task): void;
  isWaiting(task: Task): boolean;
}

/** When a task that failed is tried again: ever later, but always once more when its deadline is near. */
export function createWaits(context: Pick<Context, "book" | "clock" | "policy">): Waits {
  const waits = new Map<string, { readonly ms: number; readonly untilMs: number }>();
  return {
    failed({ job }) {
      const ms = Math.min(MAX_WAIT_MS, 2 * (waits.get(job)?.ms ?? FIRST_WAIT_MS / 2));
      const nowMs = context.clock.nowMs();
      const deadline = context.book.find(job)?.row.deadlineSeconds ?? 0;
      const lastTryMs = (deadline - context.policy.taskLastTrySeconds) * 1_000;
      const untilMs = lastTryMs > nowMs ? Math.min(nowMs + ms, lastTryMs) : nowMs + FIRST_WAIT_MS;
      waits.set(job, { ms, untilMs });
    },
    clear: ({ job }) => {
      waits.delete(job);
    },
    isWaiting: ({ job }) => context.clock.nowMs() < (waits.get(job)?.untilMs ?? 0),
  };
}
