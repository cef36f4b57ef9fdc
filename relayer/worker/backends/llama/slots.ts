import { RetryableError } from "../../../errors";

/** A fixed number of things to use one at a time, and a line of limited length in front of them. */
export interface Slots<T> {
  /** Waits for a free one. Throws `OVERLOADED` when the line is full, `CLIENT_CLOSED` when `signal` aborts first. */
  take(signal: AbortSignal): Promise<T>;
  give(slot: T): void;
}

export function createSlots<T>(slots: readonly T[], maxWaiting: number): Slots<T> {
  const free = [...slots];
  const line = new Set<(slot: T) => void>();
  return {
    take(signal) {
      const slot = free.pop();
      if (slot !== undefined) {
        return Promise.resolve(slot);
      }
      if (line.size >= maxWaiting) {
        return Promise.reject(new RetryableError("OVERLOADED", "Too many requests wait for the model."));
      }
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          line.delete(serve);
          reject(new RetryableError("CLIENT_CLOSED", "The client went away while it waited."));
        };
        const serve = (given: T): void => {
          signal.removeEventListener("abort", onAbort);
          resolve(given);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        line.add(serve);
      });
    },
    give(slot) {
      for (const serve of line) {
        line.delete(serve);
        serve(slot);
        return;
      }
      free.push(slot);
    },
  };
}
