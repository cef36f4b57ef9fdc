import type { Context } from "../context";
import { type Loop, startLoop } from "../loop";
import type { WorkerEntry } from "./pool";

/**
 * Looks at every worker each `healthMs`, each in its own time: one that hangs does not delay the look at another.
 * `onChange` is told when the number of workers that live has changed.
 */
export function watchWorkers(
  { pool, policy, log, metrics }: Pick<Context, "pool" | "policy" | "log" | "metrics">,
  onChange: () => void,
): Loop {
  const looking = new Map<WorkerEntry, Promise<void>>();
  let before = 0;
  const note = () => {
    const alive = pool.all().filter((entry) => entry.alive).length;
    metrics.workersAlive.set(alive);
    if (alive !== before) {
      before = alive;
      onChange();
    }
  };
  const loop = startLoop(log, {
    name: "health",
    everyMs: policy.healthMs,
    work: async () => {
      for (const entry of pool.all().filter((one) => !looking.has(one))) {
        const look = pool.check(entry).finally(() => {
          looking.delete(entry);
          note();
        });
        looking.set(entry, look);
      }
    },
  });
  return {
    kick: loop.kick,
    stop: async () => {
      await loop.stop();
      await Promise.all(looking.values());
    },
  };
}
