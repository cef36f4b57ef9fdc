import { Address } from "@ton/core";
import { JOB_STATES, JobEscrow, type JobStateName } from "../../../wrappers";
import {
  type JobRules,
  type JobTerms,
  type Lane,
  loadJobRules,
  loadJobTerms,
} from "../../../wrappers/messages";
import { openContract } from "../../chain";
import type { Context } from "../context";
import { larger } from "../larger";

/** A job's contract as it stands. */
export interface JobChain {
  /** A disputed job is a closing one, whose claims mature by another time. */
  readonly state: Exclude<JobStateName, "disputed">;
  readonly closeAt: number;
  readonly terms: JobTerms;
  readonly rules: JobRules;
  readonly lanes: ReadonlyMap<string, Lane>;
  /** Of the block that these answers show. */
  readonly nowSeconds: number;
  /** By when claims mature: the same, but while a dispute has stopped it. */
  readonly maturingSeconds: number;
}

/** Undefined when the account is gone or was never accepted. */
export async function readJobChain(context: Context, address: string): Promise<JobChain | undefined> {
  const account = await context.reader.account(Address.parseRaw(address));
  if (account.state !== "active") {
    return undefined;
  }
  const contract = openContract(context.reader, JobEscrow.fromAddress(Address.parseRaw(address)));
  const [job, termsCell, lanes, dispute] = await Promise.all([
    contract.getJobState(),
    contract.getTerms(),
    contract.getLanes(),
    contract.getDispute(),
  ]);
  const terms = termsCell === null ? undefined : loadJobTerms(termsCell.beginParse());
  if (terms === undefined || terms.rules === null) {
    return undefined;
  }
  const state = JOB_STATES[Number(job.state)] ?? "new";
  const isStopped = dispute !== null && account.utime < Number(dispute.endsAt);
  return {
    state: state === "disputed" ? "closing" : state,
    closeAt: Number(job.closeAt),
    terms,
    rules: loadJobRules(terms.rules.beginParse()),
    lanes: new Map([...lanes].map(([worker, lane]) => [worker.toString(16).padStart(64, "0"), lane])),
    nowSeconds: account.utime,
    maturingSeconds: isStopped ? Number(dispute.at) : account.utime,
  };
}

/** Claims are accepted before this moment. */
export function lastClaimOfJob(job: JobChain): number {
  return job.state === "closing" ? job.closeAt : Number(job.terms.deadline + job.rules.closeSeconds);
}

/** What has waited long enough and is not paid yet, as the contract counts it. */
export function maturedNano(lane: Lane, nowSeconds: number): bigint {
  const now = BigInt(nowSeconds);
  if (lane.latest > 0n && now >= lane.latestAt) {
    return lane.latest - lane.settled;
  }
  return lane.maturing > 0n && now >= lane.maturingAt ? lane.maturing - lane.settled : 0n;
}

/** The highest amount the lane has claimed, settled or not. */
export function claimedNano(lane: Lane): bigint {
  return larger(lane.settled, larger(lane.maturing, lane.latest));
}
