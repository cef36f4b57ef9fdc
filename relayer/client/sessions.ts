import { setTimeout as pause } from "node:timers/promises";
import { FinalError, RetryableError, toCocoonError } from "../errors";
import type { VerifiedWorker } from "./checkWorker";
import { isNeedless } from "./consolidate";
import { nowSeconds } from "./deps";
import { priceOf } from "./directory";
import { endSession } from "./endSession";
import { type CostAt, createOpenings, type Openings } from "./openings";
import { freeNano, laneOf, type Session, spentNano } from "./session";
import { loadSessions } from "./sessionRows";
import { covers, isEnding, LEAST_LIFE_SECONDS, mayFollow } from "./succession";
import { needsTopUp, type SyncDeps, syncSession, topUpSession } from "./syncSession";

const POLL_MS = 250;

/** The jobs of this developer. */
export interface Sessions extends Openings {
  /**
   * The active job whose lane this worker has, if any; of several, one that can pay for the request. One that never will
   * is none, where another may be bought beside it.
   */
  find(worker: VerifiedWorker, costAt?: CostAt): Session | undefined;
  /** Every active job in which this worker has a lane. */
  heldWith(worker: VerifiedWorker): readonly Session[];
  /** True while its provider has an active job of this model, be it one in which the worker has no lane yet. */
  holds(worker: VerifiedWorker): boolean;
  /** Sets an amount aside for a request; waits for a top-up where one helps. Throws `INSUFFICIENT_FUNDS`. */
  reserve(session: Session, nano: bigint): Promise<void>;
  release(session: Session, nano: bigint): void;
  list(): readonly Session[];
  byAddress(address: string): Session | undefined;
  /** Takes over a session that was made elsewhere. */
  add(session: Session): void;
  close(session: Session): Promise<void>;
  /** The chain's word on every session, and what follows from dates. */
  sync(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

export async function createSessions(
  deps: SyncDeps,
  /** True while this worker of the provider may be used. */
  isLive: (provider: string, worker: string) => boolean,
): Promise<Sessions> {
  const sessions = [...(await loadSessions(deps))];

  const isUsable = (session: Session, worker: VerifiedWorker): boolean =>
    session.terms.provider === worker.provider &&
    session.modelHash === worker.modelHash &&
    session.deadlineSeconds - nowSeconds(deps) > LEAST_LIFE_SECONDS &&
    !laneOf(session, worker.key).isBroken();
  const isHeld = (session: Session, worker: VerifiedWorker): boolean =>
    session.state === "active" && isUsable(session, worker);
  const heldWith = (worker: VerifiedWorker): readonly Session[] =>
    sessions.filter((session) => session.openLanes.has(worker.key) && isHeld(session, worker));
  const canPay = (session: Session, costAt: CostAt | undefined): boolean =>
    costAt === undefined || covers(deps, session, costAt(session.terms));
  /**
   * The cheapest, if there are several: one was bought by auction, another opened to bridge the time until then, and a
   * third is to follow one of them.
   */
  const find = (worker: VerifiedWorker, costAt?: CostAt): Session | undefined => {
    let best: Session | undefined;
    let poor: Session | undefined;
    for (const session of heldWith(worker)) {
      if (!canPay(session, costAt)) {
        poor = session;
      } else if (best === undefined || isBetter(session, best)) {
        best = session;
      }
    }
    const isFinal = poor !== undefined && costAt !== undefined && !mayFollow(deps, costAt(poor.terms));
    return best ?? (isFinal ? poor : undefined);
  };
  /** A job that follows another one waits until its provider is known to serve it. */
  const isUntried = ({ follows, freshSinceMs = Number.NEGATIVE_INFINITY }: Session): boolean =>
    follows !== undefined && deps.clock.nowMs() - freshSinceMs < deps.policy.openWaitMs;
  const isBetter = (session: Session, best: Session): boolean =>
    isUntried(session) === isUntried(best) ? jobPrice(session) < jobPrice(best) : isUntried(best);
  const openings = createOpenings(deps, { sessions, find, heldWith, isUsable, isLive, canPay });
  const topUp = async (session: Session, neededNano?: bigint): Promise<void> => {
    if (needsTopUp(deps, session, neededNano)) {
      await topUpSession(deps, session);
    }
  };
  const logged = (session: Session, what: string) => (thrown: unknown) => {
    const { code, message } = toCocoonError(thrown);
    deps.log.warn({ msg: what, job: session.address, code, detail: message });
  };
  const sync = async (): Promise<void> => {
    await Promise.all(
      sessions.map(async (session) => {
        session.burnRate.sample(spentNano(session), deps.clock.nowMs());
        await syncSession(deps, session).catch(logged(session, "job not read"));
        await topUp(session).catch(logged(session, "job not topped up"));
        const { idleCloseMs } = deps.policy;
        const idleMs = deps.clock.nowMs() - session.lastUsedMs;
        if (
          idleCloseMs > 0 &&
          idleMs > idleCloseMs &&
          session.state === "active" &&
          session.reservedNano === 0n
        ) {
          await endSession(deps, session);
        }
      }),
    );
    for (const session of sessions) {
      const restMs = deps.policy.consolidateAfterMs;
      const anyProvider = deps.policy.buy === "auction";
      const nowMs = deps.clock.nowMs();
      const isOnItsWay = (other: Session) => isEnding(deps, other);
      if (isNeedless(session, { sessions, nowMs, restMs, anyProvider, isEnding: isOnItsWay })) {
        deps.log.info({ msg: "needless job closed", job: session.address });
        await endSession(deps, session);
      }
    }
    for (const ended of sessions.filter(({ state }) => state === "closed")) {
      sessions.splice(sessions.indexOf(ended), 1);
    }
  };
  const waitForBudget = async (session: Session, nano: bigint): Promise<void> => {
    const until = Date.now() + deps.policy.openWaitMs;
    while (freeNano(session) < nano && Date.now() < until && session.state === "active") {
      await topUp(session, nano);
      if (session.askedBudgetNano <= session.budgetNano) {
        break;
      }
      await pause(POLL_MS);
      await syncSession(deps, session);
    }
    if (freeNano(session) < nano) {
      throw new RetryableError(
        "INSUFFICIENT_FUNDS",
        "The job's budget does not cover this request: ask for fewer tokens, or let jobs have a larger budget.",
        {
          job: session.address,
          freeNano: freeNano(session),
          neededNano: nano,
        },
      );
    }
  };
  return {
    find,
    heldWith,
    holds: (worker) => sessions.some((session) => isHeld(session, worker)),
    ...openings,
    reserve: async (session, nano) => {
      if (freeNano(session) < nano) {
        await waitForBudget(session, nano);
      }
      session.reservedNano += nano;
      session.lastUsedMs = deps.clock.nowMs();
      session.askedAtMs = session.lastUsedMs;
      if (needsTopUp(deps, session)) {
        topUpSession(deps, session).catch(logged(session, "job not topped up"));
      }
    },
    release: (session, nano) => {
      session.reservedNano -= nano;
      session.lastUsedMs = deps.clock.nowMs();
    },
    list: () => sessions,
    add: (session) => {
      sessions.push(session);
    },
    byAddress: (address) => sessions.find((session) => session.address === address),
    close: async (session) => {
      if (session.state !== "active") {
        throw new FinalError("JOB_NOT_ACTIVE", "Only an active job can be closed.", { state: session.state });
      }
      await endSession(deps, session);
    },
    sync,
    run: async (signal) => {
      while (!signal.aborted) {
        await sync().catch((thrown: unknown) =>
          deps.log.error({ msg: "jobs not read", detail: toCocoonError(thrown).message }),
        );
        await pause(deps.policy.refreshMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function jobPrice({ terms }: Session): bigint {
  return priceOf({ prices: terms });
}
