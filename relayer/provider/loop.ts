import { toCocoonError } from "../errors";
import type { Log } from "../observe/log";

/** After a failure the pause doubles up to this multiple of the usual one. */
const MAX_SLOWDOWN = 16;

export interface Loop {
  /** Begins the next round now, or right after the present one. */
  kick(): void;
  /** Waits for the present round. */
  stop(): Promise<void>;
}

/** Runs `work` every `everyMs`, one round at a time. A failure is logged and tried again later. */
export function startLoop(
  log: Log,
  options: { readonly name: string; readonly everyMs: number; readonly work: () => Promise<void> },
): Loop {
  let stopped = false;
  let kicked = false;
  let wakeUp: () => void = () => {};

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async () => {
    let slowdown = 1;
    while (!stopped) {
      kicked = false;
      try {
        await options.work();
        slowdown = 1;
      } catch (error) {
        slowdown = Math.min(2 * slowdown, MAX_SLOWDOWN);
        const { code, message } = toCocoonError(error);
        log.warn({ msg: "round failed", loop: options.name, code, detail: message });
      }
      if (!stopped && (!kicked || slowdown > 1)) {
        await pause(options.everyMs * slowdown);
      }
    }
  };

  const running = run();
  return {
    kick: () => {
      kicked = true;
      wakeUp();
    },
    stop: () => {
      stopped = true;
      wakeUp();
      return running;
    },
  };
}
