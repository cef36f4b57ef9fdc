import { toCocoonError } from "../errors";
import type { VerifiedWorker } from "./checkWorker";
import type { ClientDeps } from "./deps";
import { type CostedRequest, worstNano } from "./fundCall";
import type { InFlight } from "./inFlight";
import { mayDoBetterElsewhere, retryAfter } from "./retryPolicy";
import type { Sessions } from "./sessions";
import type { TrackRecord } from "./trackRecord";

/** An answer whose status has come. */
interface Begun {
  readonly answer: { readonly status: number; abort(): void };
}

interface HedgeDeps<A> extends Pick<ClientDeps, "policy" | "clock" | "log"> {
  readonly sessions: Pick<Sessions, "find">;
  readonly inFlight: Pick<InFlight, "end" | "failed" | "isCooling">;
  readonly track: Pick<TrackRecord, "answered" | "failed">;
  readonly recover: (attempt: A) => void;
}

export interface Hedge<A> {
  readonly request: CostedRequest & {
    readonly isStream?: boolean;
    readonly signal: AbortSignal;
  };
  readonly first: VerifiedWorker;
  /** The next best workers, of whom nobody was asked. */
  readonly others: () => readonly VerifiedWorker[];
  readonly ask: (worker: VerifiedWorker, signal: AbortSignal) => Promise<A>;
}

/** One of two providers that were asked the same. */
interface Leg<A> {
  readonly worker: VerifiedWorker;
  readonly begun: Promise<A>;
  stop(): void;
}

/**
 * Asks the first worker, and when the first piece of its answer is not there after the policy's `hedgeAfterMs`, a second
 * one of another provider, where a job with it is open. Whoever begins an answer first gives it; the other is stopped,
 * and what it did until then has its receipt and is paid. Only streams: the first byte of any other answer is its last,
 * too. Never where both together could cost more than the caller allows.
 */
export async function hedged<A extends Begun>(deps: HedgeDeps<A>, hedge: Hedge<A>): Promise<A> {
  const { request, first, ask } = hedge;
  const { hedgeAfterMs } = deps.policy;
  if (hedgeAfterMs === undefined || request.isStream !== true || deps.sessions.find(first) === undefined) {
    return await ask(first, request.signal);
  }
  const startedMs = deps.clock.nowMs();
  const leg = start(hedge, first);
  if (!(await isLate(leg.begun, hedgeAfterMs))) {
    return await leg.begun;
  }
  const second = secondOf(deps, hedge);
  if (second === undefined || request.signal.aborted) {
    return await leg.begun;
  }
  deps.log.info({ msg: "second provider asked", provider: second.provider, instead: first.provider });
  const [winner, loser] = await race(deps, [leg, start(hedge, second)]);
  if (loser?.worker.key === first.key) {
    // It took at least so long.
    deps.track.answered(first.key, deps.clock.nowMs() - startedMs);
  }
  return winner;
}

function start<A>({ request, ask }: Hedge<A>, worker: VerifiedWorker): Leg<A> {
  const own = new AbortController();
  const begun = ask(worker, AbortSignal.any([request.signal, own.signal]));
  begun.catch(() => undefined);
  return { worker, begun, stop: () => own.abort() };
}

/** True when `ms` have passed before the promise was settled. */
async function isLate(begun: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), ms);
  });
  const settled = begun.then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The best of another provider that can begin now, if both answers fit into what the caller allows. */
function secondOf<A>(deps: HedgeDeps<A>, { request, first, others }: Hedge<A>): VerifiedWorker | undefined {
  const worstOf = (worker: VerifiedWorker): bigint => worstNano(deps, request, worker);
  return others().find(
    (worker) =>
      worker.provider !== first.provider &&
      deps.sessions.find(worker) !== undefined &&
      !deps.inFlight.isCooling(worker.key) &&
      (request.maxCostNano === undefined || worstOf(first) + worstOf(worker) <= request.maxCostNano),
  );
}

/** The first answer worth reading, and the leg that was stopped for it; the first leg's own end where there is none. */
async function race<A extends Begun>(
  deps: HedgeDeps<A>,
  [first, second]: readonly [Leg<A>, Leg<A>],
): Promise<readonly [A, Leg<A> | undefined]> {
  const good = (leg: Leg<A>, other: Leg<A>) =>
    leg.begun.then((attempt) => {
      if (mayDoBetterElsewhere(attempt.answer.status)) {
        throw new Error("a refusal");
      }
      return [attempt, other] as const;
    });
  try {
    const [attempt, loser] = await Promise.any([good(first, second), good(second, first)]);
    leave(deps, loser);
    return [attempt, loser];
  } catch {
    // Neither is worth reading: the first one's end is what counts, as if it had been asked alone.
    leave(deps, second);
    return [await first.begun, undefined];
  }
}

/** Stops a leg. Its request is on its way: what became of it is told by its receipt, which is fetched. */
function leave<A extends Begun>(deps: HedgeDeps<A>, leg: Leg<A>): void {
  leg.stop();
  const { key } = leg.worker;
  leg.begun.then(
    (attempt) => {
      attempt.answer.abort();
      deps.inFlight.end(key);
      deps.recover(attempt);
      if (mayDoBetterElsewhere(attempt.answer.status)) {
        deps.inFlight.failed(key);
        deps.track.failed(key);
      }
    },
    (thrown: unknown) => {
      const error = toCocoonError(thrown);
      if (retryAfter(error) !== "stop") {
        deps.inFlight.failed(key);
        deps.track.failed(key);
        deps.log.warn({ msg: "attempt failed", worker: key, code: error.code, detail: error.message });
      }
    },
  );
}
