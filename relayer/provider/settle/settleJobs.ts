import { toCocoonError } from "../../errors";
import { type Job, type Lane, listJobs, listLanes } from "../../store";
import { type Context, nowSeconds } from "../context";
import { factsOf } from "../jobFacts";
import { chooseClaim, chooseCosigned } from "./chooseSettlement";
import { endJob } from "./endJob";
import { lastClaimOfJob, readJobChain } from "./readJobChain";
import { settleLane } from "./settleLane";
import { createUnderway } from "./underway";

const BPS = 10_000n;
/** A job with nothing new is looked at on the chain this often, in case its dates came or an event was missed. */
const IDLE_LOOK_MS = 60_000;

export interface Settler {
  round(): Promise<void>;
}

/** Brings earned heads to the chain and jobs to their end; everything it decides comes from store and chain. */
export function createSettler(context: Context): Settler {
  const waitingSince = new Map<string, number>();
  const lookedAt = new Map<string, number>();
  const underway = createUnderway(context);

  const settleJob = async (job: Job) => {
    const now = nowSeconds(context.clock);
    // Looked at before the lanes are read: a head that is signed from here on is not among those.
    const isEarning = mayStillEarn(context, job.address);
    const lanes = await listLanes(context.store, { job: job.address });
    const since = noteWaiting(waitingSince, job, lanes, context.clock.nowMs());
    const spentNano = lanes.reduce((sum, lane) => sum + lane.head.amountNano, 0n);
    const budgetNearlySpent = spentNano * BPS >= job.budgetNano * BigInt(context.policy.budgetNearlySpentBps);
    const waitingMs = context.clock.nowMs() - since;
    const closing = job.state === "closing";
    const facts = factsOf(job);
    const isEnding = closing || facts.releaseAskedAt !== undefined || now >= job.deadlineSeconds;
    const isDue = (lane: Lane) => {
      const until = facts.lanes[lane.worker] ?? 0;
      const lastClaimAt = until === 0 ? job.deadlineSeconds : Math.min(job.deadlineSeconds, until);
      const moment = {
        nowSeconds: now,
        policy: context.policy,
        closing: isEnding,
        releaseAskedAt: facts.releaseAskedAt,
        lastClaimAt,
        budgetNearlySpent,
        waitingMs,
      };
      return chooseCosigned(lane, moment) !== undefined || chooseClaim(lane, moment) !== undefined;
    };
    const idle = !isEnding && !lanes.some(isDue);
    const last = lookedAt.get(job.address) ?? Number.NEGATIVE_INFINITY;
    if (idle && context.clock.nowMs() - last < IDLE_LOOK_MS) {
      return;
    }
    lookedAt.set(job.address, context.clock.nowMs());
    const chain = await readJobChain(context, job.address);
    if (chain === undefined) {
      return;
    }
    const { openedAt } = facts;
    const lastOfJob = lastClaimOfJob(chain);
    let unclaimed = false;
    for (const lane of lanes.filter(({ head }) => head.issuedAtSeconds >= openedAt)) {
      const until = Number(chain.lanes.get(lane.worker)?.expiresAt ?? 0n);
      const moment = {
        nowSeconds: chain.nowSeconds,
        policy: context.policy,
        closing: isEnding || chain.state === "closing",
        releaseAskedAt: facts.releaseAskedAt,
        lastClaimAt: Math.min(lastOfJob, until + Number(chain.rules.settleGraceSeconds)),
        budgetNearlySpent,
        waitingMs,
      };
      const open = await settleLane(context, { job: job.address, openedAt, chain, lane, moment, underway });
      unclaimed = open || unclaimed;
    }
    const releaseAsked = facts.releaseAskedAt !== undefined;
    await endJob(context, { job: job.address, openedAt, chain, releaseAsked, owed: isEarning || unclaimed });
  };

  return {
    async round() {
      for (const job of await listJobs(context.store, { role: "provider", states: ["active", "closing"] })) {
        try {
          await settleJob(job);
        } catch (error) {
          const { code, message } = toCocoonError(error);
          context.log.warn({ msg: "job not settled", job: job.address, code, detail: message });
        }
      }
    },
  };
}

/** True while a request of the job is being answered, or another one would be admitted. */
function mayStillEarn({ book, clock }: Pick<Context, "book" | "clock">, address: string): boolean {
  const entry = book.find(address);
  if (entry === undefined) {
    return false;
  }
  const isServed =
    entry.row.state === "active" &&
    entry.facts.releaseAskedAt === undefined &&
    nowSeconds(clock) < entry.row.deadlineSeconds;
  return isServed || entry.reservedNano > 0n;
}

/** Since when this job has had something to settle; forgotten once all is settled. */
function noteWaiting(since: Map<string, number>, job: Job, lanes: readonly Lane[], nowMs: number): number {
  if (!lanes.some((lane) => (lane.cosigned?.head.amountNano ?? 0n) > lane.settledNano)) {
    since.delete(job.address);
    return nowMs;
  }
  const first = since.get(job.address) ?? nowMs;
  since.set(job.address, first);
  return first;
}
