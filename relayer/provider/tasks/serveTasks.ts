import { toCocoonError } from "../../errors";
import { findJob, findTask, listTasks, saveTask, type Task } from "../../store";
import type { JobEntry } from "../book";
import { type Context, nowSeconds } from "../context";
import { syncLane } from "../workers/openLanes";
import type { WorkerEntry } from "../workers/pool";
import { askWorker, type TaskAnswer } from "./askWorker";
import { chooseTaskWorker } from "./chooseTaskWorker";
import { deliverTask } from "./deliverTask";
import { createWaits } from "./waits";

export interface TaskServer {
  /** Moves every task as far as it goes now; long runs go on beside the rounds. */
  round(): Promise<void>;
  /** Waits for what runs; the context's signal ends it. */
  ended(): Promise<void>;
}

/**
 * Serves the tasks that the provider's contract has accepted: run once on a worker, its signed answer delivered once.
 * Every step is stored before the next begins, so that a restart at any point goes on where it was.
 */
export function createTaskServer(context: Context): TaskServer {
  const running = new Map<string, Promise<void>>();
  const waits = createWaits(context);

  const start = (task: Task) => {
    const work = advance(context, task).then(
      () => waits.clear(task),
      (thrown: unknown) => {
        waits.failed(task);
        const { code, message } = toCocoonError(thrown);
        context.log.warn({ msg: "task not moved", job: task.job, code, detail: message });
      },
    );
    running.set(
      task.job,
      work.finally(() => running.delete(task.job)),
    );
  };
  return {
    async round() {
      for (const task of await listTasks(context.store, { states: ["waiting", "answered"] })) {
        if (!running.has(task.job) && !waits.isWaiting(task) && !context.signal.aborted) {
          start(task);
        }
      }
    },
    async ended() {
      await Promise.allSettled(running.values());
    },
  };
}

async function advance(context: Context, task: Task): Promise<void> {
  const job = context.book.find(task.job);
  if (job === undefined || job.facts.openedAt !== task.openedAtSeconds) {
    const row = await findJob(context.store, { role: "provider", address: task.job });
    if (row?.state === "closed") {
      await end(context, task, "over");
    }
    return;
  }
  if (job.row.state !== "task") {
    return;
  }
  if (nowSeconds(context.clock) >= job.row.deadlineSeconds) {
    context.log.error({ msg: "task late: its bond goes to its opener", job: task.job, state: task.state });
    await end(context, task, "late");
    return;
  }
  if (job.row.budgetNano < context.policy.taskMinNano) {
    context.log.warn({ msg: "task left: its price is below the policy's", job: task.job });
    await end(context, task, "left");
    return;
  }
  const answer = task.answer ?? (await run(context, job, task));
  if (answer !== undefined) {
    await deliver(context, job, { task, answer });
  }
}

/** Undefined while nobody can run it. */
async function run(context: Context, job: JobEntry, task: Task): Promise<TaskAnswer | undefined> {
  const worker = chooseTaskWorker(context, job, task);
  if (worker === undefined) {
    return undefined;
  }
  // On its way while the model works.
  await openLane(context, job, worker);
  const leave = await worker.slots.take(context.signal);
  try {
    const leftSeconds = job.row.deadlineSeconds - nowSeconds(context.clock);
    const answer = await askWorker(context, {
      job,
      task,
      worker,
      isLastTry: leftSeconds <= context.policy.taskLastTrySeconds,
      timeoutMs: Math.min(context.policy.requestMs, Math.max(1, leftSeconds) * 1_000),
    });
    await context.store.transaction(async (tx) => {
      const now = await findTask(tx, { job: task.job });
      if (now?.openedAtSeconds === task.openedAtSeconds) {
        await saveTask(tx, { task: { ...task, state: "answered", answer } });
      }
    });
    context.log.info({ msg: "task answered", job: task.job, worker: answer.worker, status: answer.status });
    context.metrics.tasks.inc({ outcome: answer.status === 0 ? "answered" : "refused" });
    return answer;
  } finally {
    leave();
  }
}

async function deliver(
  context: Context,
  job: JobEntry,
  { task, answer }: { readonly task: Task; readonly answer: TaskAnswer },
): Promise<void> {
  if (job.facts.lanes[answer.worker] === undefined) {
    const worker = context.pool.find(answer.worker);
    if (worker?.onChain === undefined) {
      // Its key is gone, and with it the lane that its signature would need: another worker answers.
      await saveTask(context.store, { task: { ...task, state: "waiting", answer: undefined } });
      return;
    }
    await openLane(context, job, worker);
    return;
  }
  if (!(await deliverTask(context, task, answer))) {
    context.log.error({ msg: "task's answer refused by its contract", job: task.job, status: answer.status });
    await end(context, { ...task, answer }, "left");
  }
}

async function openLane(context: Context, job: JobEntry, worker: WorkerEntry): Promise<void> {
  const { identity, onChain } = worker;
  if (identity !== undefined && onChain !== undefined && job.facts.lanes[identity.receiptKey] === undefined) {
    const { receiptKey } = identity;
    const { openedAt } = job.facts;
    await syncLane(context, {
      job: job.row.address,
      openedAt,
      worker: receiptKey,
      expiresAt: onChain.expiresAt,
    });
  }
}

async function end(context: Context, task: Task, state: Task["state"]): Promise<void> {
  await saveTask(context.store, { task: { ...task, state } });
  context.metrics.tasks.inc({ outcome: state });
}
