import { type CocoonError, RetryableError } from "../../../errors";
import type { BackendTimeouts } from "./options";

/** The clocks of one call to a backend. */
export interface Deadlines {
  /** Aborts when the client is gone or a clock has run out. */
  readonly signal: AbortSignal;
  /** A chunk came: from now on the time between chunks counts. */
  chunk(): void;
  /** What ended the call, when it was a clock. */
  expired(): CocoonError | undefined;
  stop(): void;
}

export function startDeadlines(client: AbortSignal, times: BackendTimeouts, isStream: boolean): Deadlines {
  const controller = new AbortController();
  let error: CocoonError | undefined;
  const expire = (what: string, ms: number) => () => {
    error ??= new RetryableError("TIMEOUT", `The backend took too long: ${what}.`, { ms });
    controller.abort();
  };
  const onClient = (): void => controller.abort();
  client.addEventListener("abort", onClient);
  if (client.aborted) {
    onClient();
  }
  const total = setTimeout(expire("whole answer", times.totalMs), times.totalMs);
  let first = isStream
    ? setTimeout(expire("first token", times.firstTokenMs), times.firstTokenMs)
    : undefined;
  let idle: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    chunk() {
      if (idle !== undefined) {
        idle.refresh();
        return;
      }
      clearTimeout(first);
      first = undefined;
      idle = setTimeout(expire("next token", times.idleMs), times.idleMs);
    },
    expired: () => error,
    stop() {
      client.removeEventListener("abort", onClient);
      clearTimeout(total);
      clearTimeout(first);
      clearTimeout(idle);
    },
  };
}
