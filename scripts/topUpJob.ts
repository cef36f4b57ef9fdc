import { JOB_STATES, JobEscrow } from "../wrappers/JobEscrow";
import {
  askAddress,
  askAmount,
  confirmSend,
  requireSender,
  type ScriptHost,
  waitFor,
} from "../wrappers/scripting";

/** topUpJob JOB AMOUNT: adds to an active job's budget from the developer's wallet. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const job = provider.open(JobEscrow.fromAddress(await askAddress(provider, args, 0, "JobEscrow")));
  const amount = await askAmount(provider, args, 1, "Amount to add");
  const { state, developer, budget: before } = await job.getJobState();
  if (JOB_STATES[Number(state)] !== "active") {
    throw new Error(`The job is ${JOB_STATES[Number(state)]}: only an active one is topped up.`);
  }
  requireSender(provider, "the job's developer", [developer]);
  const value = amount + (await job.getMinValueToTopUpJob());

  await confirmSend(provider, { action: "Top up", to: job.address, valueNano: value });
  await job.send(provider.sender(), { value }, { $$type: "TopUpJob", queryId: 0n, amount });
  await waitFor("The top-up", async () => (await job.getJobState()).budget === before + amount);
}
