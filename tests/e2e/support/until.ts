import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 100;

/** Asks again until the answer is not undefined. A question that throws counts as unanswered. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await ask();
      if (found !== undefined) {
        return found;
      }
    } catch (thrown) {
      last = thrown;
    }
    await pause(POLL_MS);
  }
  throw new Error(`Not within ${limitMs / 1000} s: ${what}.`, { cause: last });
}
