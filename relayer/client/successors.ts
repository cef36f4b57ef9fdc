import { setTimeout as pause } from "node:timers/promises";
import { toCocoonError } from "../errors";
import type { Auctions } from "./auctions/auctions";
import { awaitServed } from "./awaitServed";
import type { VerifiedWorker } from "./checkWorker";
import { choose } from "./choose";
import type { Directory } from "./directory";
import type { InFlight } from "./inFlight";
import { opensByName } from "./openings";
import { awaitActive } from "./openSession";
import { noProvider } from "./rules";
import type { Session } from "./session";
import type { Sessions } from "./sessions";
import { isEnding, isInUse, lasts, successorOf } from "./succession";
import type { SyncDeps } from "./syncSession";
import type { TrackRecord } from "./trackRecord";

/** What failed is tried again after so long. */
const RETRY = { minDelayMs: 5_000, maxDelayMs: 120_000, multiplier: 2 } as const;

export type SuccessorDeps = SyncDeps & {
  readonly directory: Pick<Directory, "workersOf">;
  readonly sessions: Pick<Sessions, "list" | "openAfter">;
  readonly auctions: Pick<Auctions, "want">;
  readonly inFlight: Pick<InFlight, "isBanned" | "isCooling">;
  readonly track: Pick<TrackRecord, "of">;
};

/** Buys the jobs that follow those in use, in the background, while the old ones still serve. */
export interface Successors {
  /** Has this job followed, if it needs it: it was just used. */
  look(session: Session): void;
  /** Jobs in use that end soon, and are followed by none yet that could take over. */
  waiting(): number;
  /** Looks at every job. */
  sync(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** What is being done about a job that ends. */
interface Task {
  running: Promise<void> | undefined;
  isDone: boolean;
  failures: number;
  notBeforeMs: number;
  /** Providers that did not accept a job. */
  readonly refused: Set<string>;
}

/** What decides whose job follows. */
interface Choice extends Pick<Task, "refused"> {
  /** Jobs of the model that last. */
  readonly lasting: readonly Session[];
}

export function createSuccessors(deps: SuccessorDeps, stop: AbortSignal): Successors {
  const { policy, clock, log, sessions, auctions } = deps;
  const tasks = new Map<string, Task>();

  const lastingOf = (model: string) =>
    sessions.list().filter((session) => session.model === model && lasts(deps, session));
  const isFollowedFor = (session: Session): boolean => {
    const isKept = policy.prewarmModels.includes(session.model);
    return isInUse(deps, session) || (isKept && lastingOf(session.model).length === 0);
  };
  const needsOne = (session: Session): boolean =>
    policy.followSeconds > 0 &&
    deps.wallet !== undefined &&
    session.state === "active" &&
    isEnding(deps, session) &&
    isFollowedFor(session);
  /** True once another job could take over. */
  const follow = async (session: Session, { refused }: Task): Promise<boolean> => {
    const supplied = auctions.want(session.model);
    if (supplied !== "off" && !(supplied === "unsold" && opensByName(policy))) {
      return supplied === "held";
    }
    const lasting = lastingOf(session.model);
    // It has one, though that may be used up already: then that one is followed.
    const next = successorOf(sessions.list(), session) ?? (await openNext(session, { lasting, refused }));
    if (next.state === "opening") {
      await awaitActive(deps, next, stop).finally(() => {
        if (next.state === "refused") {
          refused.add(next.terms.provider);
        }
      });
    }
    await awaitServed(deps, next, stop);
    return true;
  };
  const openNext = async (session: Session, choice: Choice): Promise<Session> => {
    const [worker] = successorsOf(deps, session, choice);
    const held = choice.lasting.find(worker === undefined ? () => true : isWith(worker));
    if (held !== undefined) {
      return held;
    }
    if (worker === undefined) {
      throw noProvider(session.model, deps.directory.workersOf(session.model));
    }
    return await sessions.openAfter(session, worker);
  };
  const work = async (session: Session, task: Task): Promise<void> => {
    const { address: job, model } = session;
    try {
      const isDone = await follow(session, task);
      if (isDone && !task.isDone) {
        log.info({ msg: "job followed", job, model });
      }
      task.isDone = isDone;
      task.failures = 0;
    } catch (thrown) {
      const { code, message } = toCocoonError(thrown);
      const { minDelayMs, maxDelayMs, multiplier } = RETRY;
      const againInMs = Math.min(maxDelayMs, minDelayMs * multiplier ** task.failures);
      task.isDone = false;
      task.failures += 1;
      task.notBeforeMs = clock.nowMs() + againInMs;
      if (!stop.aborted) {
        log.warn({ msg: "job not followed yet", job, model, code, detail: message, againInMs });
      }
    } finally {
      task.running = undefined;
    }
  };
  const begin = (session: Session, isLook: boolean): void => {
    const task: Task = tasks.get(session.address) ?? {
      running: undefined,
      isDone: false,
      failures: 0,
      notBeforeMs: 0,
      refused: new Set(),
    };
    tasks.set(session.address, task);
    const mayBegin = task.running === undefined && task.notBeforeMs <= clock.nowMs() && !stop.aborted;
    if (mayBegin && !(isLook && task.isDone)) {
      task.running = work(session, task);
    }
  };
  const sync = (): void => {
    const needy = sessions.list().filter(needsOne);
    const addresses = new Set<string>(needy.map(({ address }) => address));
    for (const [address, { running }] of tasks) {
      if (!addresses.has(address) && running === undefined) {
        tasks.delete(address);
      }
    }
    for (const session of needy) {
      begin(session, false);
    }
  };

  return {
    look: (session) => {
      if (needsOne(session)) {
        begin(session, true);
      }
    },
    waiting: () => [...tasks.values()].filter(({ isDone }) => !isDone).length,
    sync,
    run: async (signal) => {
      while (!signal.aborted) {
        sync();
        await pause(policy.refreshMs, undefined, { signal }).catch(() => undefined);
      }
      await Promise.all([...tasks.values()].map(({ running }) => running));
    },
  };
}

/** Whom to buy it from: as if there were no job, but for what is in the cache of those who serve now. */
function successorsOf(
  { directory, inFlight, track, policy }: SuccessorDeps,
  session: Session,
  { lasting, refused }: Choice,
): readonly VerifiedWorker[] {
  return choose(
    directory.workersOf(session.model),
    (worker) => ({
      hasSession: false,
      isBanned: inFlight.isBanned(worker.key),
      isCooling: inFlight.isCooling(worker.key) || refused.has(worker.provider),
      inFlight: 0,
      servedLast: worker.provider === session.terms.provider,
      measured: track.of(worker.key),
      prices: lasting.find(isWith(worker))?.terms,
    }),
    policy.choice,
  );
}

function isWith(worker: VerifiedWorker): (session: Session) => boolean {
  return ({ terms, modelHash }) => terms.provider === worker.provider && modelHash === worker.modelHash;
}
