import { JOB_STATES, JobEscrow } from "../wrappers/JobEscrow";
import { askAddress, confirmSend, requireSender, type ScriptHost, waitFor } from "../wrappers/scripting";

/** closeJob JOB: cancels an open job, closes an active one, or finalises one whose closing time has passed. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const job = provider.open(JobEscrow.fromAddress(await askAddress(provider, args, 0, "JobEscrow")));
  const { developer, ...fields } = await job.getJobState();
  const state = JOB_STATES[Number(fields.state)];
  if (state === "open" || state === "active") {
    requireSender(provider, "the job's developer", [developer]);
  }
  switch (state) {
    case "open":
    case "disputed":
    case "closing": {
      const { closeAt } = fields;
      if (state !== "open" && Date.now() < Number(closeAt) * 1000) {
        throw new Error(
          `Claims may arrive until ${new Date(Number(closeAt) * 1000).toISOString()}; close it then.`,
        );
      }
      const value = await job.getMinValueToEndJob();
      const $$type = state === "open" ? "CancelJob" : "FinalizeJob";
      await confirmSend(provider, { action: $$type, to: job.address, valueNano: value });
      await job.send(provider.sender(), { value }, { $$type, queryId: 0n });
      await waitFor("The end of the job", async () => !(await provider.isContractDeployed(job.address)));
      return;
    }
    case "active": {
      const value = await job.getMinValueToCloseJob();
      await confirmSend(provider, { action: "CloseJob", to: job.address, valueNano: value });
      await job.send(provider.sender(), { value }, { $$type: "CloseJob", queryId: 0n });
      // A provider that is owed nothing further ends the job at once: its account may be gone between two questions.
      let closeAt: bigint | undefined;
      await waitFor("Closing", async () => {
        if (!(await provider.isContractDeployed(job.address))) {
          return true;
        }
        const fields = await job.getJobState();
        closeAt = fields.state === 4n ? fields.closeAt : undefined;
        return closeAt !== undefined;
      });
      provider
        .ui()
        .write(
          closeAt === undefined
            ? "The provider claimed nothing further: the job is closed and its rest is refunded."
            : `Claims may arrive until ${new Date(Number(closeAt) * 1000).toISOString()}`,
        );
      return;
    }
    default:
      throw new Error(`The job is ${state}: there is nothing to close.`);
  }
}
