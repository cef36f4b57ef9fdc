import { type CocoonError, RetryableError } from "../../../errors";
import type { BackendTimeouts } from "./options";

/** The clocks of one call to a backend. */
export interface Deadlines {
  /** Calls back once the client is gone or a clock has run out; at once when that is so. One callback. */
  onEnd(callback: (reason: Error) => void): void;
  hasEnded(): boolean;
  /** A chunk came: from now on the time between chunks counts. */
  chunk(): void;
  /** What ended the call, when it was a clock. */
  expired(): CocoonError | undefined;
  stop(): void;
}

export function startDeadlines(client: AbortSignal, times: BackendTimeouts, isStream: boolean): Deadlines {
  let error: CocoonError | undefined;
  let ended: Error | undefined;
  let callback: ((reason: Error) => void) | undefined;
  const end = (reason: Error): void => {
    ended ??= reason;
    callback?.(ended);
  };
  const expire = (what: string, ms: number) => () => {
    error ??= new RetryableError("TIMEOUT", `The backend took too long: ${what}.`, { ms });
    end(error);
  };
  const onClient = (): void => end(new Error("the client is gone"));
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
    onEnd(listener) {
      callback = listener;
      if (ended !== undefined) {
        listener(ended);
      }
    },
    hasEnded: () => ended !== undefined,
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
