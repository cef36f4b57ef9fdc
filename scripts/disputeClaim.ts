import { fromNano } from "@ton/core";
import { contestedClaims, disputeBond, sumOfClaims } from "../wrappers/contested";
import { JOB_STATES, JobEscrow, type JobState } from "../wrappers/JobEscrow";
import { type JobRules, loadJobRules, loadJobTerms } from "../wrappers/messages";
import { askAddress, confirmSend, type ScriptHost, senderAddress, waitFor } from "../wrappers/scripting";

/** disputeClaim JOB: has the arbiter decide about what waits without the developer's signature; closes the job. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const job = provider.open(JobEscrow.fromAddress(await askAddress(provider, args, 0, "JobEscrow")));
  const [state, lanes, terms] = await Promise.all([job.getJobState(), job.getLanes(), job.getTerms()]);
  const name = JOB_STATES[Number(state.state)];
  if (terms === null || (name !== "active" && name !== "closing")) {
    throw new Error(`The job is ${name}: claims are disputed while it is active or closing, once.`);
  }
  if (!senderAddress(provider).equals(state.developer)) {
    throw new Error(`Only the job's developer may dispute its claims: ${state.developer.toString()}`);
  }
  const claims = contestedClaims(lanes, Date.now() / 1000);
  if (claims.length === 0) {
    throw new Error("No claim waits: everything claimed was co-signed, or has matured.");
  }
  const { deadline, rules } = loadJobTerms(terms.beginParse());
  if (rules === null) {
    throw new Error("The job shows no rules.");
  }
  const ui = provider.ui();
  for (const { worker, nano, maturesAt } of claims) {
    ui.write(
      `waits      ${fromNano(nano)} TON until ${iso(maturesAt)}, of ${worker.toString(16).padStart(64, "0")}`,
    );
  }
  const contested = sumOfClaims(claims);
  ui.write(`contested  ${fromNano(contested)} TON, bond ${fromNano(disputeBond(contested))} TON`);
  showDates(provider, expectedDates(state, deadline, loadJobRules(rules.beginParse())));

  // Clocks differ: the bond is attached for all that is unpaid, and what it is not needed for comes back.
  const value = disputeBond(state.committed - state.paid) + (await job.getMinValueToDispute());
  await confirmSend(provider, { action: "DisputeClaim", to: job.address, valueNano: value });
  await job.send(provider.sender(), { value }, { $$type: "DisputeClaim", queryId: 0n });
  await waitFor("The dispute", async () => (await job.getJobState()).state === 5n);
  const [{ closeAt }, dispute] = await Promise.all([job.getJobState(), job.getDispute()]);
  if (dispute !== null) {
    ui.write(`disputed   bond ${fromNano(dispute.bond)} TON`);
    showDates(provider, { closeAt: Number(closeAt), endsAt: Number(dispute.endsAt) });
  }
}

interface Dates {
  readonly closeAt: number;
  readonly endsAt: number;
}

function expectedDates(state: JobState, deadline: bigint, rules: JobRules): Dates {
  const now = Math.floor(Date.now() / 1000);
  const isActive = JOB_STATES[Number(state.state)] === "active";
  const closeAt = isActive
    ? Math.min(now, Number(deadline)) + Number(rules.closeSeconds)
    : Number(state.closeAt);
  return { closeAt, endsAt: closeAt + Number(rules.challengeSeconds) };
}

function showDates(provider: ScriptHost, { closeAt, endsAt }: Dates): void {
  provider.ui().write(`arbiter    may decide from ${iso(closeAt)} until ${iso(endsAt)}`);
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
