import { setTimeout as pause } from "node:timers/promises";
import type { TonConnect } from "@tonconnect/sdk";

const REOPEN_MS = 15_000;

export interface Patience {
  /** How long a person may take for one thing. */
  readonly waitMs: number;
  /** How often the stream of letters is opened anew: the SDK does not notice that one was cut off. */
  readonly reopenMs?: number;
}

/** Waits for what an app is asked. Throws what `late` makes when its time is over. */
export async function untilAnswered<T>(
  connector: TonConnect,
  answer: Promise<T>,
  { waitMs, reopenMs = REOPEN_MS }: Patience,
  late: () => Error,
): Promise<T> {
  const stop = new AbortController();
  const reopening = setInterval(() => {
    connector.unPauseConnection().catch(() => {}); // the next one may succeed
  }, reopenMs);
  const limit = pause(waitMs, undefined, { signal: stop.signal }).then(
    () => {
      throw late();
    },
    () => answer,
  );
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearInterval(reopening);
    stop.abort();
  }
}
