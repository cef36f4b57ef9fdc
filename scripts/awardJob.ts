import { JobEscrow } from "../wrappers/JobEscrow";
import { askAddress, confirmSend, type ScriptHost, waitFor } from "../wrappers/scripting";

/** awardJob JOB: gives a job whose auction is over to its best bid. Anyone may. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const job = provider.open(JobEscrow.fromAddress(await askAddress(provider, args, 0, "JobEscrow")));
  const auction = await job.getAuction();
  if (auction === null) {
    throw new Error("The job is not up for auction: it was awarded, or never was.");
  }
  if (auction.bps > 10_000n) {
    throw new Error("Nobody has bid: its developer takes it back with closeJob.");
  }
  const value = await job.getMinValueToAwardJob();
  await confirmSend(provider, { action: "AwardJob", to: job.address, valueNano: value });
  await job.send(provider.sender(), { value }, { $$type: "AwardJob", queryId: 0n });
  await waitFor("The award", async () => (await job.getJobState()).state === 3n);
  provider
    .ui()
    .write(`awarded to ${auction.provider.toString()} at ${Number(auction.bps) / 100} % of the ceiling`);
}
