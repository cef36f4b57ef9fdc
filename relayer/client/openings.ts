import { RetryableError } from "../errors";
import type { Prices } from "../protocol";
import { awaitLane } from "./awaitLane";
import type { VerifiedWorker } from "./checkWorker";
import { awaitActive, openSession } from "./openSession";
import type { Policy } from "./policy";
import type { Session } from "./session";
import { successorOf } from "./succession";
import type { SyncDeps } from "./syncSession";

/** What a request may cost at these prices. */
export type CostAt = (prices: Prices) => bigint;

export interface OpeningWish {
  /** By hand: opens a job whatever the policy. */
  readonly asked?: { readonly budgetNano?: bigint | undefined };
  /** Of the request that wants it. */
  readonly costAt?: CostAt;
}

/** What opens jobs, and sees to it that nobody opens one that somebody else is opening. */
export interface Openings {
  /**
   * The job that `find` knows, or one opened now; concurrent calls share the opening. Bounded by the policy's `openWaitMs`.
   * Where jobs are bought by auction alone, only an opening that was `asked` for by hand opens one; otherwise it throws
   * `NO_BID`.
   */
  ensure(worker: VerifiedWorker, wish?: OpeningWish): Promise<Session>;
  /** Opens the job that is to follow this one, with that worker. Resolves once it is certain to be opened. */
  openAfter(session: Session, worker: VerifiedWorker): Promise<Session>;
  /** True while a job in which this worker will have a lane is being opened. */
  isComing(worker: VerifiedWorker): boolean;
}

/** True where a request may open a job at a provider's own offer. */
export function opensByName({ buy, auction }: Pick<Policy, "buy" | "auction">): boolean {
  return buy === "named" || auction.ifNobodyBids === "named";
}

export function createOpenings(
  deps: SyncDeps,
  held: {
    /** To which new ones are added. */
    readonly sessions: Session[];
    readonly find: (worker: VerifiedWorker, costAt?: CostAt) => Session | undefined;
    readonly heldWith: (worker: VerifiedWorker) => readonly Session[];
    readonly isUsable: (session: Session, worker: VerifiedWorker) => boolean;
    readonly isLive: (provider: string, worker: string) => boolean;
    readonly canPay: (session: Session, costAt: CostAt | undefined) => boolean;
  },
): Openings {
  const { sessions, find, heldWith, isUsable, isLive, canPay } = held;
  const opening = new Map<string, Promise<Session>>();
  const waiting = new Map<string, Promise<Session>>();

  const nameOf = (worker: VerifiedWorker) => `${worker.provider}/${worker.modelHash}/${worker.key}`;
  const openNew = async (
    worker: VerifiedWorker,
    terms: { readonly budgetNano: bigint; readonly follows?: string | undefined },
  ): Promise<Session> => {
    const session = await openSession(deps, { worker, ...terms });
    sessions.push(session);
    return session;
  };
  /** The same for everybody who wants one with this worker now. */
  const openOnce = (worker: VerifiedWorker, terms: Parameters<typeof openNew>[1]): Promise<Session> => {
    const name = nameOf(worker);
    const shared = opening.get(name) ?? openNew(worker, terms).finally(() => opening.delete(name));
    opening.set(name, shared);
    return shared;
  };
  const isOpening = (session: Session, worker: VerifiedWorker) =>
    session.state === "opening" && isUsable(session, worker);
  /** One that is being opened, if it is with this worker, or to follow one that no longer does. */
  const findStarted = (worker: VerifiedWorker) => {
    const started = sessions.filter((session) => isOpening(session, worker));
    return (
      started.find(({ binds }) => binds.has(worker.key)) ??
      started.find(({ follows }) => follows !== undefined)
    );
  };
  const startOpening = async (worker: VerifiedWorker, wish: OpeningWish): Promise<Session> => {
    const started = findStarted(worker);
    if (started !== undefined) {
      await awaitActive(deps, started);
    }
    if (started?.binds.has(worker.key) === true) {
      return started;
    }
    const isOther = (session: Session) =>
      session.state === "active" && isUsable(session, worker) && canPay(session, wish.costAt);
    const other = started ?? sessions.find(isOther);
    // In a job that was just accepted, its provider opens lanes for its other workers too.
    const isServed = (key: string) => started === undefined && isLive(worker.provider, key);
    if (other !== undefined && (await awaitLane(deps, other, { worker, isLive: isServed }))) {
      return other;
    }
    const { asked } = wish;
    if (asked === undefined && !opensByName(deps.policy)) {
      throw new RetryableError("NO_BID", "Jobs are bought by auction alone, and this worker is in none.");
    }
    const session = await openOnce(worker, {
      budgetNano: asked?.budgetNano ?? deps.policy.jobBudgetNano,
      follows: heldWith(worker).find((job) => successorOf(sessions, job) === undefined)?.address,
    });
    await awaitActive(deps, session);
    return session;
  };

  return {
    ensure: async (worker, wish = {}) => {
      const found = find(worker, wish.costAt);
      if (found !== undefined) {
        return found;
      }
      const mayOpen = wish.asked !== undefined || opensByName(deps.policy);
      const name = `${nameOf(worker)}/${mayOpen}`;
      const shared = waiting.get(name) ?? startOpening(worker, wish).finally(() => waiting.delete(name));
      waiting.set(name, shared);
      return await shared;
    },
    openAfter: async (session, worker) =>
      findStarted(worker) ??
      (await openOnce(worker, { budgetNano: deps.policy.jobBudgetNano, follows: session.address })),
    isComing: (worker) => findStarted(worker) !== undefined,
  };
}
