import { Address } from "@ton/core";
import { JobEscrow, type JobState } from "../../wrappers/JobEscrow";
import { type JobTerms, loadJobRules, loadJobTerms, loadNetworkParams } from "../../wrappers/messages";
import { ProviderStake } from "../../wrappers/ProviderStake";
import { type ChainReader, openContract } from "../chain";
import { RetryableError } from "../errors";
import type { Policy } from "./policy";

const FULL = 10_000n;

/**
 * What of a network's rules stands between a false claim and the developer's money. The other waits protect providers:
 * how late they may claim, and when stake leaves that no job has bonded.
 */
export interface Rules {
  /** A claim that the developer did not co-sign waits so long, and can be demanded of, disputed or proved a lie meanwhile. */
  readonly challengeSeconds: number;
  /** What a proved lie costs, in hundredths of a percent of the budget. */
  readonly bondBps: number;
}

/** Why the policy wants no job under these rules, as the end of a sentence; undefined where it takes them. */
export function weaknessOf(
  policy: Pick<Policy, "leastChallengeSeconds" | "leastBondBps">,
  { challengeSeconds, bondBps }: Rules,
): string | undefined {
  if (challengeSeconds < policy.leastChallengeSeconds) {
    return `a claim that nobody co-signed waits ${challengeSeconds} seconds, and leastChallengeSeconds is ${policy.leastChallengeSeconds}`;
  }
  return bondBps < policy.leastBondBps
    ? `the bond is ${bondBps} hundredths of a percent of the budget, and leastBondBps is ${policy.leastBondBps}`
    : undefined;
}

export function rulesOfParams(params: {
  readonly challengeSeconds: bigint;
  readonly bondBps: bigint;
}): Rules {
  return { challengeSeconds: Number(params.challengeSeconds), bondBps: Number(params.bondBps) };
}

/** Those that a job was accepted under; before that, none that protect anybody. The bond is held against the budget as it is. */
export function rulesOfJob({
  fields,
  terms,
}: {
  readonly fields: Pick<JobState, "bond" | "budget">;
  readonly terms: Pick<JobTerms, "rules"> | undefined;
}): Rules {
  const { rules = null } = terms ?? {};
  return rules === null
    ? { challengeSeconds: 0, bondBps: 0 }
    : {
        challengeSeconds: Number(loadJobRules(rules.beginParse()).challengeSeconds),
        bondBps: Number((fields.bond * FULL) / fields.budget),
      };
}

export async function readJobRules(reader: ChainReader, address: string): Promise<Rules> {
  const job = openContract(reader, JobEscrow.fromAddress(Address.parseRaw(address)));
  const [fields, cell] = await Promise.all([job.getJobState(), job.getTerms()]);
  return rulesOfJob({ fields, terms: cell === null ? undefined : loadJobTerms(cell.beginParse()) });
}

/** Those that a provider's next job would have: its own copy of the network's, as it last took them over. */
export async function readProviderRules(reader: ChainReader, address: string): Promise<Rules> {
  const cell = await openContract(reader, ProviderStake.fromAddress(Address.parseRaw(address))).getParams();
  return cell === null
    ? { challengeSeconds: 0, bondBps: 0 }
    : rulesOfParams(loadNetworkParams(cell.beginParse()));
}

/** Nobody takes a job of this model now: for its rules, where that is the reason with everybody, else as `message` says. */
export function noProvider(
  model: string,
  workers: readonly { readonly weakness?: string | undefined }[],
  message = "No provider has room for a job now.",
): RetryableError {
  const weakness = workers.every((worker) => worker.weakness !== undefined)
    ? workers[0]?.weakness
    : undefined;
  return new RetryableError(
    "NO_PROVIDER",
    weakness === undefined
      ? message
      : `No provider takes a job under rules that the policy accepts: ${weakness}.`,
    { model },
  );
}
