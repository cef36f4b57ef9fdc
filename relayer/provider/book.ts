import { FinalError, RetryableError } from "../errors";
import { decodeTerms, fromBase64, hashTerms, type ReceiptLeaf, type Terms } from "../protocol";
import type { Job, Lane } from "../store";
import { factsOf, type JobFacts } from "./jobFacts";
import type { WholeLog } from "./serve/wholeLog";

/** A job as the hot path needs it. Everything durable in it comes from the store; the rest is what is in flight. */
export interface JobEntry {
  row: Job;
  facts: JobFacts;
  readonly terms: Terms;
  readonly termsHash: Uint8Array;
  /** Largest amount that each worker has signed here. */
  readonly amounts: Map<string, bigint>;
  /** The newest receipt of each lane, where this process saw it. */
  readonly lastLeaves: Map<string, ReceiptLeaf>;
  /** Each lane's receipts in their order, by worker. */
  readonly logs: Map<string, WholeLog>;
  reservedNano: bigint;
  /** Earned sum over the lanes; kept beside `amounts` so that admission adds nothing up. */
  earnedNano: bigint;
}

export interface Book {
  /** The job as now stored; a job whose opening was not read has no place here yet. */
  put(job: Job, lanes?: readonly Lane[]): void;
  find(address: string): JobEntry | undefined;
  entries(): Iterable<JobEntry>;
  /** Sets money aside for one request; refused with `INSUFFICIENT_FUNDS`. The answer gives it back. */
  reserve(entry: JobEntry, maxCostNano: bigint): () => void;
  /** Notes a verified head; a smaller one changes nothing. */
  earned(entry: JobEntry, worker: string, amountNano: bigint): void;
}

export function createBook(): Book {
  const jobs = new Map<string, JobEntry>();

  const raise = (entry: JobEntry, worker: string, amountNano: bigint) => {
    const known = entry.amounts.get(worker) ?? 0n;
    if (amountNano > known) {
      entry.amounts.set(worker, amountNano);
      entry.earnedNano += amountNano - known;
    }
  };

  return {
    put(job, lanes = []) {
      if (job.state === "closed" || job.terms === undefined) {
        jobs.delete(job.address);
        return;
      }
      const facts = factsOf(job);
      const known = jobs.get(job.address);
      if (known?.row.terms === job.terms) {
        known.row = job;
        known.facts = facts;
        return;
      }
      const terms = decodeTerms(fromBase64(job.terms));
      const entry: JobEntry = {
        row: job,
        facts,
        terms,
        termsHash: hashTerms(terms),
        amounts: new Map(),
        lastLeaves: new Map(),
        logs: new Map(),
        reservedNano: 0n,
        earnedNano: 0n,
      };
      for (const lane of lanes) {
        raise(entry, lane.worker, lane.head.amountNano);
      }
      jobs.set(job.address, entry);
    },
    find: (address) => jobs.get(address),
    entries: () => jobs.values(),
    reserve(entry, maxCostNano) {
      const freeNano = entry.row.budgetNano - entry.earnedNano - entry.reservedNano;
      if (maxCostNano > freeNano) {
        const facts = { job: entry.row.address, freeNano, maxCostNano, budgetNano: entry.row.budgetNano };
        if (entry.reservedNano > 0n && maxCostNano <= freeNano + entry.reservedNano) {
          throw new RetryableError(
            "INSUFFICIENT_FUNDS",
            "The job's budget is set aside for requests in flight: wait for one to end, lower the maximum cost or top up the job.",
            facts,
          );
        }
        throw new FinalError(
          "INSUFFICIENT_FUNDS",
          "The job's budget does not cover the request's maximum cost: top up the job, lower the maximum cost or open a new job.",
          facts,
        );
      }
      entry.reservedNano += maxCostNano;
      let held = true;
      return () => {
        if (held) {
          held = false;
          entry.reservedNano -= maxCostNano;
        }
      };
    },
    earned: raise,
  };
}
