import type { Prices, TeeKind } from "../protocol";
import type { VerifiedWorker } from "./checkWorker";
import { type ChoiceWeights, DEFAULT_WEIGHTS } from "./choiceWeights";
import { priceOf } from "./directory";
import type { Measured } from "./trackRecord";

/** What the choice looks at beside the worker itself. */
export interface Standing {
  /** A job with this worker is open: no wait and no deposit. */
  readonly hasSession: boolean;
  /** One is being opened. */
  readonly isComing?: boolean;
  /** It failed a moment ago. */
  readonly isCooling: boolean;
  readonly isBanned: boolean;
  /** Requests of ours that it works on. */
  readonly inFlight: number;
  /** It served this conversation last: the prompt may still be in its cache. */
  readonly servedLast: boolean;
  readonly measured: Measured | undefined;
  /** Of the job that is open; otherwise the offer's count. */
  readonly prices?: Prices | undefined;
}

/** Below this a success rate says no more. */
const LEAST_SUCCESS = 0.05;
const HARDWARE: ReadonlySet<TeeKind> = new Set(["tdx", "sevSnp"]);

/**
 * The order in which to try workers: sound before failing, with a job before without, one that is being opened between
 * them, then by score. Those that cannot
 * take a new job are left out. What was not measured yet counts as the best, so that it will be.
 */
export function choose(
  workers: readonly VerifiedWorker[],
  standingOf: (worker: VerifiedWorker) => Standing,
  weights: ChoiceWeights = DEFAULT_WEIGHTS,
): readonly VerifiedWorker[] {
  const able = workers
    .map((worker) => ({ worker, standing: standingOf(worker) }))
    .filter(({ worker, standing }) => !standing.isBanned && (hasJob(standing) || takesJobs(worker)));
  const best = bestOf(able);
  return able
    .map(({ worker, standing }) => ({
      worker,
      rank: Number(standing.isCooling) * 3 + Number(!standing.hasSession) + Number(!hasJob(standing)),
      score: scoreOf({ worker, standing }, { best, weights }),
    }))
    .sort((a, b) => a.rank - b.rank || a.score - b.score)
    .map(({ worker }) => worker);
}

/** True where a job may be opened with it. */
export function takesJobs({ hasRoom, weakness }: Pick<VerifiedWorker, "hasRoom" | "weakness">): boolean {
  return hasRoom && weakness === undefined;
}

function hasJob({ hasSession, isComing = false }: Standing): boolean {
  return hasSession || isComing;
}

interface Candidate {
  readonly worker: VerifiedWorker;
  readonly standing: Standing;
}

interface Best {
  readonly price: number;
  readonly firstByteMs: number;
  readonly tokensPerSecond: number;
}

function bestOf(candidates: readonly Candidate[]): Best {
  const measured = candidates.flatMap(({ standing }) => standing.measured ?? []);
  return {
    price: Math.min(...candidates.map(priceNumber)),
    firstByteMs: Math.min(...measured.flatMap(({ firstByteMs }) => firstByteMs ?? [])),
    tokensPerSecond: Math.max(...measured.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? [])),
  };
}

/** The logarithm of the product; lower is better. */
function scoreOf(
  { worker, standing }: Candidate,
  { best, weights }: { readonly best: Best; readonly weights: ChoiceWeights },
): number {
  const {
    firstByteMs = best.firstByteMs,
    tokensPerSecond = best.tokensPerSecond,
    successRate = 1,
  } = standing.measured ?? {};
  const load = (Math.max(standing.inFlight, worker.inFlight) + 1) / Math.max(1, worker.capacity);
  return (
    weights.price * Math.log(priceNumber({ worker, standing }) / best.price) +
    weights.load * Math.log(1 + load) +
    weights.firstByte * logRatio(firstByteMs, best.firstByteMs) +
    weights.throughput * logRatio(best.tokensPerSecond, tokensPerSecond) -
    weights.success * Math.log(Math.max(LEAST_SUCCESS, successRate)) +
    weights.attestation * Number(!HARDWARE.has(worker.tee)) -
    weights.stickiness * Number(standing.servedLast)
  );
}

/** 0 while nobody was measured. */
function logRatio(above: number, below: number): number {
  const ratio = above / below;
  return Number.isFinite(ratio) && ratio > 0 ? Math.log(ratio) : 0;
}

function priceNumber({ worker, standing }: Candidate): number {
  return Number(priceOf({ prices: standing.prices ?? worker.prices })) + 1;
}
