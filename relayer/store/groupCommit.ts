/** What became of one item of a batch; one refused item does not undo the others. */
export type Outcome<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: Error };

export interface GroupCommit<T, R> {
  /**
   * Resolves after the transaction that holds the item is durable. An item with `patienceMs` waits so long at most for
   * one that is in a hurry, and goes with it.
   */
  add(item: T, patienceMs?: number): Promise<R>;
  /** Waits until nothing is queued or being written. */
  drain(): Promise<void>;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One transaction for everything that arrived while the last one was being written, so that a disk flush is shared by
 * all requests in flight. `commit` answers one outcome per item, in order; when it throws, every item of the batch fails.
 */
export function createGroupCommit<T, R>(options: {
  readonly maxBatch: number;
  readonly commit: (items: readonly T[]) => Promise<readonly Outcome<R>[]>;
}): GroupCommit<T, R> {
  let queue: Waiting<T, R>[] = [];
  let running: Promise<void> | undefined;
  let isUrgent = false;
  let timer: NodeJS.Timeout | undefined;

  const writeBatch = async (batch: readonly Waiting<T, R>[]) => {
    try {
      const outcomes = await options.commit(batch.map((waiting) => waiting.item));
      batch.forEach((waiting, i) => {
        const outcome = outcomes[i];
        if (outcome?.ok === true) {
          waiting.resolve(outcome.value);
        } else {
          waiting.reject(outcome?.error ?? new Error("The commit answered fewer outcomes than items."));
        }
      });
    } catch (error) {
      for (const waiting of batch) {
        waiting.reject(error);
      }
    }
  };

  const run = async () => {
    // Whatever arrives in this tick shares the first transaction too.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (isUrgent) {
      const batch = queue.slice(0, options.maxBatch);
      queue = queue.slice(options.maxBatch);
      isUrgent = queue.length > 0;
      await writeBatch(batch);
    }
    running = undefined;
  };
  const start = () => {
    clearTimeout(timer);
    timer = undefined;
    isUrgent = queue.length > 0;
    running ??= run();
  };

  return {
    add: (item, patienceMs = 0) =>
      new Promise<R>((resolve, reject) => {
        queue.push({ item, resolve, reject });
        if (patienceMs === 0) {
          start();
        } else {
          timer ??= setTimeout(start, patienceMs);
        }
      }),
    drain: async () => {
      start();
      while (running !== undefined) {
        await running;
      }
    },
  };
}
