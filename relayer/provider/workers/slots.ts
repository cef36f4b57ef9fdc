import { CocoonError, RetryableError } from "../../errors";

export interface Slots {
  /** A place that is free now, given back by the answer; undefined when all are taken. */
  tryTake(): (() => void) | undefined;
  /**
   * Answers when a place is free; refused with `OVERLOADED` when the queue is full or the wait too long, and with the
   * signal's reason where that is an error of ours.
   */
  take(signal: AbortSignal): Promise<() => void>;
  inUse(): number;
  waiting(): number;
  /** Answers once nobody has a place or waits for one. */
  idle(): Promise<void>;
}

/** Places at one worker, given out in order of arrival. */
export function createSlots(options: {
  readonly capacity: () => number;
  readonly maxWaiting: number;
  readonly waitMs: number;
}): Slots {
  let inUse = 0;
  const queue: (() => void)[] = [];
  let watchers: (() => void)[] = [];

  const tellIdle = () => {
    if (inUse === 0 && queue.length === 0) {
      const told = watchers;
      watchers = [];
      for (const tell of told) {
        tell();
      }
    }
  };
  const release = () => {
    inUse -= 1;
    if (inUse < options.capacity()) {
      queue.shift()?.();
    }
    tellIdle();
  };
  const occupy = () => {
    inUse += 1;
    let held = true;
    return () => {
      if (held) {
        held = false;
        release();
      }
    };
  };
  const overloaded = (message: string) =>
    new RetryableError("OVERLOADED", message, { inUse, waiting: queue.length });

  const tryTake = () => (inUse < options.capacity() ? occupy() : undefined);

  return {
    tryTake,
    async take(signal) {
      const free = tryTake();
      if (free !== undefined) {
        return free;
      }
      if (queue.length >= options.maxWaiting) {
        throw overloaded("The worker's queue is full: use another worker or try again later.");
      }
      return await new Promise((resolve, reject) => {
        const leave = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
          const place = queue.indexOf(enter);
          if (place >= 0) {
            queue.splice(place, 1);
            tellIdle();
          }
        };
        const enter = () => {
          leave();
          resolve(occupy());
        };
        const onAbort = () => {
          leave();
          reject(
            signal.reason instanceof CocoonError
              ? signal.reason
              : new RetryableError("CLIENT_CLOSED", "The client left while its request was queued."),
          );
        };
        const timer = setTimeout(() => {
          leave();
          reject(overloaded("The worker had no place in time: use another worker or try again later."));
        }, options.waitMs);
        signal.addEventListener("abort", onAbort);
        queue.push(enter);
      });
    },
    inUse: () => inUse,
    waiting: () => queue.length,
    idle: () =>
      new Promise((resolve) => {
        watchers.push(resolve);
        tellIdle();
      }),
  };
}
