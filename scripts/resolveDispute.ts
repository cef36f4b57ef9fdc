import { fromNano } from "@ton/core";
import { contestedClaims, sumOfClaims } from "../wrappers/contested";
import { JobEscrow } from "../wrappers/JobEscrow";
import { loadJobRules, loadJobTerms } from "../wrappers/messages";
import { ask, askAddress, confirmSend, type ScriptHost, senderAddress, waitFor } from "../wrappers/scripting";

/** resolveDispute JOB BPS: the arbiter gives the provider that part of what is contested and of the bond; the job ends. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const job = provider.open(JobEscrow.fromAddress(await askAddress(provider, args, 0, "JobEscrow")));
  const typed = await ask(provider, args, 1, "The provider's part, in hundredths of a percent");
  if (!/^\d{1,5}$/.test(typed) || Number(typed) > 10_000) {
    throw new Error("The provider's part is a whole number of hundredths of a percent, from 0 to 10000.");
  }
  const bps = BigInt(typed);
  const [state, dispute, lanes, terms] = await Promise.all([
    job.getJobState(),
    job.getDispute(),
    job.getLanes(),
    job.getTerms(),
  ]);
  if (dispute === null || terms === null) {
    throw new Error("The job is not disputed.");
  }
  const { rules } = loadJobTerms(terms.beginParse());
  const arbiter = rules === null ? undefined : loadJobRules(rules.beginParse()).arbiter;
  if (arbiter === undefined || !senderAddress(provider).equals(arbiter)) {
    throw new Error(`Only the arbiter of the job's rules may decide: ${arbiter?.toString()}`);
  }
  checkTime(Number(state.closeAt), Number(dispute.endsAt));

  const contested = sumOfClaims(contestedClaims(lanes, Number(dispute.at)));
  const divided = contested + dispute.bond;
  const award = (divided * bps) / 10_000n;
  const ui = provider.ui();
  ui.write(`contested  ${fromNano(contested)} TON, bond ${fromNano(dispute.bond)} TON`);
  ui.write(`provider   ${fromNano(award)} TON, less the network's fee`);
  ui.write(`developer  ${fromNano(divided - award)} TON, with the rest of the budget`);

  const value = await job.getMinValueToResolveDispute();
  await confirmSend(provider, { action: "ResolveDispute", to: job.address, valueNano: value });
  await job.send(provider.sender(), { value }, { $$type: "ResolveDispute", queryId: 0n, bps });
  await waitFor("The end of the job", async () => !(await provider.isContractDeployed(job.address)));
}

function checkTime(closeAt: number, endsAt: number): void {
  const now = Date.now() / 1000;
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  if (now < closeAt) {
    throw new Error(`Claims may arrive until ${iso(closeAt)}; decide from then on, until ${iso(endsAt)}.`);
  }
  if (now >= endsAt) {
    throw new Error(`The time to decide ended ${iso(endsAt)}: every claim has matured.`);
  }
}
