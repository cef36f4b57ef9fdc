import type { VerifiedWorker } from "./checkWorker";
import { priceOf } from "./directory";

/** What the choice looks at beside the worker itself. */
export interface Standing {
  /** A job with this worker is open: no wait and no deposit. */
  readonly hasSession: boolean;
  /** It failed a moment ago. */
  readonly isCooling: boolean;
  readonly isBanned: boolean;
  /** Requests of ours that it works on. */
  readonly inFlight: number;
}

/**
 * The order in which to try workers: sound before failing, with a job before without, then by price times load.
 * Those that cannot take a new job are left out.
 */
export function choose(
  workers: readonly VerifiedWorker[],
  standingOf: (worker: VerifiedWorker) => Standing,
): readonly VerifiedWorker[] {
  return workers
    .map((worker) => ({ worker, standing: standingOf(worker) }))
    .filter(({ worker, standing }) => !standing.isBanned && (standing.hasSession || worker.hasRoom))
    .map(({ worker, standing }) => ({
      worker,
      rank: Number(standing.isCooling) * 2 + Number(!standing.hasSession),
      weight: weightOf(worker, standing.inFlight),
    }))
    .sort((a, b) => a.rank - b.rank || a.weight - b.weight)
    .map(({ worker }) => worker);
}

function weightOf(worker: VerifiedWorker, ours: number): number {
  const load = (Math.max(ours, worker.inFlight) + 1) / Math.max(1, worker.capacity);
  return (Number(priceOf(worker)) + 1) * (1 + load);
}
