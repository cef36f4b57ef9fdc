import type { Clock } from "../observe/clock";

/** How busy and how sound each worker seems from here. */
export interface InFlight {
  begin(worker: string): void;
  end(worker: string): void;
  count(worker: string): number;
  total(): number;
  failed(worker: string): void;
  /** Never used again by this process: it signed something false. */
  ban(worker: string): void;
  isBanned(worker: string): boolean;
  isCooling(worker: string): boolean;
}

export function createInFlight(deps: { readonly clock: Clock; readonly cooldownMs: number }): InFlight {
  const counts = new Map<string, number>();
  const failedAt = new Map<string, number>();
  const banned = new Set<string>();
  let total = 0;
  return {
    begin: (worker) => {
      total += 1;
      counts.set(worker, (counts.get(worker) ?? 0) + 1);
    },
    end: (worker) => {
      total -= 1;
      counts.set(worker, Math.max(0, (counts.get(worker) ?? 0) - 1));
    },
    count: (worker) => counts.get(worker) ?? 0,
    total: () => total,
    failed: (worker) => {
      failedAt.set(worker, deps.clock.nowMs());
    },
    ban: (worker) => {
      banned.add(worker);
    },
    isBanned: (worker) => banned.has(worker),
    isCooling: (worker) =>
      deps.clock.nowMs() - (failedAt.get(worker) ?? Number.NEGATIVE_INFINITY) < deps.cooldownMs,
  };
}
