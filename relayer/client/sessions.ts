import { setTimeout as pause } from "node:timers/promises";
import { FinalError, RetryableError, toCocoonError } from "../errors";
import { awaitLane } from "./awaitLane";
import type { VerifiedWorker } from "./checkWorker";
import { isNeedless } from "./consolidate";
import { type ClientDeps, nowSeconds } from "./deps";
import { priceOf } from "./directory";
import { endSession } from "./endSession";
import { awaitActive, openSession } from "./openSession";
import type { Policy } from "./policy";
import { freeNano, laneOf, type Session, spentNano } from "./session";
import { loadSessions } from "./sessionRows";
import { needsTopUp, syncSession, topUpSession } from "./syncSession";

/** A job that ends sooner takes no new request: its answer could come too late to be paid. */
export const LEAST_LIFE_SECONDS = 180;
const POLL_MS = 250;

/** The jobs of this developer. */
export interface Sessions {
  /** The active job whose lane this worker has, if any. */
  find(worker: VerifiedWorker): Session | undefined;
  /** True while its provider has an active job of this model, be it one in which the worker has no lane yet. */
  holds(worker: VerifiedWorker): boolean;
  /**
   * The same, or a job opened now; concurrent calls share the opening. Bounded by the policy's `openWaitMs`. Where jobs
   * are bought by auction alone, only an opening that was `asked` for by hand opens one; otherwise it throws `NO_BID`.
   */
  ensure(worker: VerifiedWorker, asked?: { readonly budgetNano?: bigint | undefined }): Promise<Session>;
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

/** True where a request may open a job at a provider's own offer. */
export function opensByName({ buy, auction }: Pick<Policy, "buy" | "auction">): boolean {
  return buy === "named" || auction.ifNobodyBids === "named";
}

export async function createSessions(
  deps: ClientDeps,
  /** True while this worker of the provider may be used. */
  isLive: (provider: string, worker: string) => boolean,
): Promise<Sessions> {
  const sessions = [...(await loadSessions(deps))];
  const opening = new Map<string, Promise<Session>>();

  const isUsable = (session: Session, worker: VerifiedWorker): boolean =>
    session.terms.provider === worker.provider &&
    session.modelHash === worker.modelHash &&
    session.deadlineSeconds - nowSeconds(deps) > LEAST_LIFE_SECONDS &&
    !laneOf(session, worker.key).isBroken();
  const isHeld = (session: Session, worker: VerifiedWorker): boolean =>
    session.state === "active" && isUsable(session, worker);
  /** The cheapest, if there are several: one was bought by auction, another opened to bridge the time until then. */
  const find = (worker: VerifiedWorker): Session | undefined => {
    let best: Session | undefined;
    for (const session of sessions) {
      const isOpen = session.openLanes.has(worker.key) && isHeld(session, worker);
      if (isOpen && (best === undefined || jobPrice(session) < jobPrice(best))) {
        best = session;
      }
    }
    return best;
  };
  const openNew = async (worker: VerifiedWorker, budgetNano: bigint | undefined): Promise<Session> => {
    if (budgetNano === undefined) {
      throw new RetryableError("NO_BID", "Jobs are bought by auction alone, and this worker is in none.");
    }
    return await openSession(deps, { worker, budgetNano });
  };
  /** Without a budget, no job is opened. */
  const startOpening = async (worker: VerifiedWorker, budgetNano: bigint | undefined): Promise<Session> => {
    const started = sessions.find(
      (session) => session.state === "opening" && session.binds.has(worker.key) && isUsable(session, worker),
    );
    const held = started === undefined ? sessions.find((session) => isHeld(session, worker)) : undefined;
    const { provider } = worker;
    if (
      held !== undefined &&
      (await awaitLane(deps, held, { worker, isLive: (key) => isLive(provider, key) }))
    ) {
      return held;
    }
    const session = started ?? (await openNew(worker, budgetNano));
    if (started === undefined) {
      sessions.push(session);
    }
    await awaitActive(deps, session);
    return session;
  };
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
      if (isNeedless(session, { sessions, nowMs: deps.clock.nowMs(), restMs, anyProvider })) {
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
      throw new RetryableError("INSUFFICIENT_FUNDS", "The job's budget does not cover this request.", {
        job: session.address,
        freeNano: freeNano(session),
        neededNano: nano,
      });
    }
  };
  const nameOf = (worker: VerifiedWorker) => `${worker.provider}/${worker.modelHash}/${worker.key}`;

  return {
    find,
    holds: (worker) => sessions.some((session) => isHeld(session, worker)),
    ensure: async (worker, asked) => {
      const found = find(worker);
      if (found !== undefined) {
        return found;
      }
      const mayOpen = asked !== undefined || opensByName(deps.policy);
      const budgetNano = mayOpen ? (asked?.budgetNano ?? deps.policy.jobBudgetNano) : undefined;
      const name = `${nameOf(worker)}/${mayOpen}`;
      const shared =
        opening.get(name) ??
        startOpening(worker, budgetNano).finally(() => {
          opening.delete(name);
        });
      opening.set(name, shared);
      return await shared;
    },
    reserve: async (session, nano) => {
      if (freeNano(session) < nano) {
        await waitForBudget(session, nano);
      }
      session.reservedNano += nano;
      session.lastUsedMs = deps.clock.nowMs();
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
