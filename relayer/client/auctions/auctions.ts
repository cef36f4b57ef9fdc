import { setTimeout as pause } from "node:timers/promises";
import { type CocoonError, FinalError, RetryableError, toCocoonError } from "../../errors";
import { nowSeconds } from "../deps";
import { type Directory, priceOf } from "../directory";
import { closeWeakJob, endSession } from "../endSession";
import type { Session } from "../session";
import type { Sessions } from "../sessions";
import { lasts } from "../succession";
import { type SyncDeps, syncSession } from "../syncSession";
import { openAuction } from "./openAuction";
import { loadAuctions, type OwnAuction } from "./ownAuction";
import { nextStepAt, syncAuction, withdrawAuction } from "./syncAuction";

/** An auction that could not be opened is tried again after so long. */
const OPEN_RETRY_SECONDS = 60;

/**
 * off: this model's jobs are not bought by auction. held: there is a job. underWay: there will be one. unsold: the last
 * auction brought none, and the next one is not due yet.
 */
export type Supplied = "off" | "held" | "underWay" | "unsold";

export interface AuctionWish {
  readonly model: string;
  readonly budgetNano?: bigint | undefined;
}

/** The auctions of this developer. They go on in the background: no request waits for one. */
export interface Auctions {
  /** Sees to it that this model has a job or gets one, where the policy buys by auction, and says which. */
  want(model: string): Supplied;
  /** Why there is no job of this model, and when there may be one; undefined where auctions have nothing to do with it. */
  problemOf(model: string): CocoonError | undefined;
  /** Holds one now, whatever the policy. Resolves once it is certain to be opened. */
  hold(wish: AuctionWish): Promise<OwnAuction>;
  list(): readonly OwnAuction[];
  /** Takes back what is up for auction. Throws `JOB_NOT_ACTIVE` when it was taken back before. */
  withdraw(auction: OwnAuction): Promise<void>;
  /** The chain's word on every auction, and what follows from dates. */
  sync(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

export type AuctionDeps = SyncDeps & {
  readonly directory: Pick<Directory, "refreshProvider" | "workersOf">;
  readonly sessions: Pick<Sessions, "list" | "add">;
};

interface Problem {
  readonly error: CocoonError;
  readonly untilSeconds: number;
}

export async function createAuctions(deps: AuctionDeps): Promise<Auctions> {
  const { directory, sessions, policy, log } = deps;
  const auctions = [...(await loadAuctions(deps))];
  const opening = new Map<string, Promise<void>>();
  const problems = new Map<string, Problem>();
  /** Since when no provider that holds a job of the model can be used. */
  const lostSinceMs = new Map<string, number>();

  const noBid = (message: string, facts: { model: string; retryAfterSeconds: number }) =>
    new RetryableError("NO_BID", message, facts);
  const fail = (model: string, error: CocoonError, seconds: number): void => {
    problems.set(model, { error, untilSeconds: nowSeconds(deps) + seconds });
  };
  const unsold = (model: string, message: string): void => {
    const { againSeconds } = policy.auction;
    fail(model, noBid(message, { model, retryAfterSeconds: againSeconds }), againSeconds);
  };
  const underWay = (model: string) =>
    auctions.find((auction) => auction.model === model && auction.state === "auction");
  const isHeld = (model: string): boolean => {
    const lasting = sessions.list().filter((session) => isLasting(session, model));
    const isServed =
      lasting.length > 0 &&
      directory
        .workersOf(model)
        .some(({ provider }) => lasting.some(({ terms }) => terms.provider === provider));
    if (isServed || lasting.length === 0) {
      lostSinceMs.delete(model);
      return isServed;
    }
    // A provider that restarts is back soon.
    const since = lostSinceMs.get(model) ?? deps.clock.nowMs();
    lostSinceMs.set(model, since);
    return deps.clock.nowMs() - since < policy.openWaitMs;
  };
  /** A job's successor is put up for auction early enough to be there when it ends. */
  const isLasting = (session: Session, model: string): boolean =>
    session.model === model && lasts(deps, session);
  const open = async ({ model, budgetNano = policy.jobBudgetNano }: AuctionWish): Promise<OwnAuction> => {
    const workers = directory.workersOf(model);
    const [first, ...others] = workers;
    if (first === undefined) {
      throw new FinalError("NOT_FOUND", "No attested worker serves this model.", { model });
    }
    const cheapest = others.reduce((best, next) => (priceOf(next) < priceOf(best) ? next : best), first);
    const { [model]: ceiling = cheapest.prices } = policy.auction.ceilings;
    const auction = await openAuction(deps, { model, modelHash: first.modelHash, ceiling, budgetNano });
    auctions.push(auction);
    return auction;
  };
  const start = (model: string): void => {
    problems.delete(model);
    const opened = open({ model }).then(
      () => undefined,
      (thrown: unknown) => {
        const error = toCocoonError(thrown);
        log.warn({ msg: "auction not opened", model, code: error.code, detail: error.message });
        fail(model, error, error.code === "NO_BID" ? policy.auction.againSeconds : OPEN_RETRY_SECONDS);
      },
    );
    opening.set(
      model,
      opened.finally(() => opening.delete(model)),
    );
  };
  const forget = (auction: OwnAuction): void => {
    auctions.splice(auctions.indexOf(auction), 1);
  };
  const syncOne = async (auction: OwnAuction): Promise<void> => {
    const news = await syncAuction(deps, auction);
    switch (news.kind) {
      case "none":
        return;
      case "unsold":
        unsold(auction.model, "Nobody has bid for a job of this model: raise the ceiling, or try later.");
        return;
      case "refused":
        fail(
          auction.model,
          noBid("The chain has refused the auction for this model: try later.", {
            model: auction.model,
            retryAfterSeconds: OPEN_RETRY_SECONDS,
          }),
          OPEN_RETRY_SECONDS,
        );
        forget(auction);
        return;
      case "closed":
        forget(auction);
        return;
      case "sold":
        // With its lanes: a request that met it without would open another job.
        await syncSession(deps, news.session);
        forget(auction);
        sessions.add(news.session);
        return;
      case "unwanted":
        if (auction.state === "auction") {
          unsold(
            auction.model,
            "The auction was won by a provider, or under rules, that may not be used: try later.",
          );
        }
        forget(auction);
        sessions.add(news.session);
        if (news.weakness !== undefined) {
          await closeWeakJob(deps, news.session, news.weakness);
        } else {
          await endSession(deps, news.session);
        }
        return;
      default: {
        const impossible: never = news;
        return impossible;
      }
    }
  };
  const syncAll = async (): Promise<void> => {
    await Promise.all(
      auctions.map((auction) =>
        syncOne(auction).catch((thrown: unknown) => {
          const { code, message } = toCocoonError(thrown);
          log.warn({ msg: "auction not read", job: auction.address, code, detail: message });
        }),
      ),
    );
  };
  let syncing: Promise<void> | undefined;
  /** A reading under way is shared: no auction is sold twice. */
  const sync = (): Promise<void> => {
    syncing ??= syncAll().finally(() => {
      syncing = undefined;
    });
    return syncing;
  };

  return {
    want: (model) => {
      if (policy.buy !== "auction") {
        return "off";
      }
      if (isHeld(model)) {
        return "held";
      }
      if (opening.has(model) || underWay(model) !== undefined) {
        return "underWay";
      }
      // One that is being taken back has failed, though that may not be noted yet.
      const isTakenBack = auctions.some((auction) => auction.model === model);
      if (isTakenBack || (problems.get(model)?.untilSeconds ?? 0) > nowSeconds(deps)) {
        return "unsold";
      }
      start(model);
      return "underWay";
    },
    problemOf: (model) => {
      const auction = underWay(model);
      if (policy.buy !== "auction") {
        return undefined;
      }
      const retryAfterSeconds =
        auction === undefined ? OPEN_RETRY_SECONDS : Math.max(1, nextStepAt(auction) - nowSeconds(deps));
      return (
        problems.get(model)?.error ??
        noBid("The job for this model is still up for auction: try later.", { model, retryAfterSeconds })
      );
    },
    hold: open,
    list: () => auctions,
    withdraw: async (auction) => {
      if (auction.state !== "auction") {
        throw new FinalError("JOB_NOT_ACTIVE", "The auction was taken back before.", {
          state: auction.state,
        });
      }
      await withdrawAuction(deps, auction);
    },
    sync,
    run: async (signal) => {
      while (!signal.aborted) {
        await pause(policy.refreshMs, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) {
          await sync();
        }
      }
      await Promise.all(opening.values());
    },
  };
}
