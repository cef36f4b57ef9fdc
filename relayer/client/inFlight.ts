import type { Clock } from "../observe/clock";

/** How busy and how sound each worker seems from here. */
export interface InFlight {
  begin(worker: string): void;
  end(worker: string): void;
  count(worker: string): number;
  total(): number;
  failed(worker: string): void;
  /** Never used again, not after a restart either: it signed something false. */
  ban(worker: string, reason: string): void;
  isBanned(worker: string): boolean;
  isCooling(worker: string): boolean;
}

export function createInFlight(deps: {
  readonly clock: Clock;
  readonly cooldownMs: number;
  /** Workers that were banned before. */
  readonly banned: Iterable<string>;
  readonly onBan: (worker: string, reason: string) => void;
}): InFlight {
  const counts = new Map<string, number>();
  const failedAt = new Map<string, number>();
  const banned = new Set(deps.banned);
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
    ban: (worker, reason) => {
      if (!banned.has(worker)) {
        banned.add(worker);
        deps.onBan(worker, reason);
      }
    },
    isBanned: (worker) => banned.has(worker),
    isCooling: (worker) =>
      deps.clock.nowMs() - (failedAt.get(worker) ?? Number.NEGATIVE_INFINITY) < deps.cooldownMs,
  };
}
