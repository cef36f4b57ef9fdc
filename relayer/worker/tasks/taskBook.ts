import type { WorkerKey } from "../../protocol";
import type { TaskStatus } from "../../task";

/** A worker's signed word about one task. */
export interface SignedAnswer {
  readonly worker: WorkerKey;
  readonly status: TaskStatus;
  /** The response cell as BoC. */
  readonly response: Buffer;
  readonly responseHash: Buffer;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** [64] */
  readonly signature: Uint8Array;
}

/** Answers that are remembered: a relayer that restarts asks again for those it had not stored. */
const MAX_ANSWERS = 4_096;

/** What this worker has answered, so that one task is run and answered once, however often it is asked for. */
export interface TaskBook {
  /** The answer of that name; runs `work` unless it is running or done. A failure is forgotten, so that it can be tried again. */
  once(name: string, work: () => Promise<SignedAnswer>): Promise<SignedAnswer>;
}

export function createTaskBook(): TaskBook {
  const answers = new Map<string, Promise<SignedAnswer>>();
  return {
    once(name, work) {
      const known = answers.get(name);
      if (known !== undefined) {
        return known;
      }
      const [oldest] = answers.keys();
      if (answers.size >= MAX_ANSWERS && oldest !== undefined) {
        answers.delete(oldest);
      }
      const running = work();
      answers.set(name, running);
      running.catch(() => answers.delete(name));
      return running;
    },
  };
}
