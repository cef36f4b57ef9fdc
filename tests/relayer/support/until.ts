import { setTimeout as pause } from "node:timers/promises";

/** Looks until there is something to see. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  const limit = performance.now() + timeoutMs;
  while (performance.now() < limit) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    await pause(25);
  }
  throw new Error(`Waited in vain until ${what}`);
}
