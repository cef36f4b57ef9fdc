import { type ClientDeps, nowSeconds } from "./deps";
import { isOwnJob } from "./jobMessages";
import type { Policy } from "./policy";
import { freeNano, type Session } from "./session";

/** A job that ends sooner takes no new request: its answer could come too late to be paid. */
export const LEAST_LIFE_SECONDS = 180;
/** From an auction's end until its job takes requests, and some time to spare. */
const AWARD_SECONDS = 120;
/** The contracts' `MaxLanes`: a worker's next key has none in a job that has so many. */
const MAX_LANES = 16;
const BPS = 10_000n;
/** The same part as a top-up's by default, where there are no top-ups. */
const DRY_BPS = 2_000;

type Deps = Pick<ClientDeps, "policy" | "clock" | "wallet">;

/** How long before its deadline a job's successor is bought: so that it is ready when the job takes no more requests. */
export function leadSeconds({ buy, auction, followSeconds, jobSeconds }: Policy): number {
  const buying = buy === "auction" ? auction.seconds + Math.max(AWARD_SECONDS, followSeconds) : followSeconds;
  // A job that was just opened is nobody's to follow.
  return Math.min(LEAST_LIFE_SECONDS + buying, jobSeconds / 2);
}

/** True while a top-up may still raise the job's budget. */
export function canGrow({ policy, wallet }: Pick<Deps, "policy" | "wallet">, session: Session): boolean {
  const { topUpBelowBps, jobBudgetNano, maxJobBudgetNano } = policy;
  return (
    isOwnJob({ wallet }, session) &&
    topUpBelowBps > 0 &&
    session.budgetNano + jobBudgetNano <= maxJobBudgetNano
  );
}

/** True while a top-up is on its way, or may be. */
function mayGrow(deps: Deps, session: Session): boolean {
  return session.askedBudgetNano > session.budgetNano || canGrow(deps, session);
}

/** True while the job has this amount, or may get more. */
export function covers(deps: Deps, session: Session, neededNano: bigint): boolean {
  return freeNano(session) >= neededNano || mayGrow(deps, session);
}

/**
 * True for a job that will soon take no more requests: its deadline is near, its budget low and at its limit, or its lanes
 * are used up.
 */
export function isEnding(deps: Deps, session: Session): boolean {
  return (
    session.deadlineSeconds - nowSeconds(deps) <= leadSeconds(deps.policy) ||
    session.openLanes.size >= MAX_LANES ||
    isRunningDry(deps, session)
  );
}

function isRunningDry(deps: Deps, session: Session): boolean {
  if (mayGrow(deps, session)) {
    return false;
  }
  const { jobBudgetNano, topUpBelowBps } = deps.policy;
  const free = freeNano(session);
  const little = (jobBudgetNano * BigInt(topUpBelowBps > 0 ? topUpBelowBps : DRY_BPS)) / BPS;
  const nowMs = deps.clock.nowMs();
  const emptyAtMs = session.burnRate.emptyAtMs(free, nowMs) ?? Number.POSITIVE_INFINITY;
  return free < little || emptyAtMs - nowMs < leadSeconds(deps.policy) * 1_000;
}

/** True for a job that takes requests, or will, for longer than it takes to buy the next one. */
export function lasts(deps: Deps, session: Session): boolean {
  return (session.state === "active" || session.state === "opening") && !isEnding(deps, session);
}

/** True for a job that was asked a short while ago. */
export function isInUse({ policy, clock }: Deps, { askedAtMs }: Session): boolean {
  return askedAtMs !== undefined && clock.nowMs() - askedAtMs <= policy.followSeconds * 1_000;
}

/** True where a job of that cost may be bought beside one that does not cover it. */
export function mayFollow({ policy, wallet }: Deps, neededNano: bigint): boolean {
  return wallet !== undefined && policy.followSeconds > 0 && neededNano <= policy.jobBudgetNano;
}

/** The job that was bought to follow this one, if it is there or on its way. */
export function successorOf(sessions: readonly Session[], { address }: Session): Session | undefined {
  return sessions.find(
    ({ follows, state }) => follows === address && (state === "active" || state === "opening"),
  );
}
