import type { NetworkProvider } from "@ton/blueprint";
import { fromNano } from "@ton/core";
import { JOB_STATES, JobEscrow } from "../wrappers/JobEscrow";
import { loadJobTerms } from "../wrappers/messages";
import { askAddress } from "../wrappers/scripting";

/** showJob JOB: state, money and lanes. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  const ui = provider.ui();
  const address = await askAddress(provider, args, 0, "JobEscrow");
  if (!(await provider.isContractDeployed(address))) {
    ui.write(
      "This job is closed, or was never opened: its account does not exist. Its events tell how it ended.",
    );
    return;
  }
  const job = provider.open(JobEscrow.fromAddress(address));
  const state = await job.getJobState();
  ui.write(`state      ${JOB_STATES[Number(state.state)]}`);
  ui.write(`developer  ${state.developer.toString()} nonce ${state.nonce}`);
  ui.write(
    `budget     ${fromNano(state.budget)} TON, ${fromNano(state.paid)} paid, ${fromNano(state.committed)} claimed`,
  );
  ui.write(`bond       ${fromNano(state.bond)} TON`);
  const terms = await job.getTerms();
  if (terms !== null) {
    const { provider: stake, deadline } = loadJobTerms(terms.beginParse());
    ui.write(`provider   ${stake.toString()}`);
    ui.write(`deadline   ${new Date(Number(deadline) * 1000).toISOString()}`);
  }
  for (const [worker, lane] of await job.getLanes()) {
    const pending = lane.latest > 0n ? lane.latest : lane.maturing;
    ui.write(`lane       ${worker.toString(16).padStart(64, "0")}`);
    ui.write(`           ${fromNano(lane.settled)} TON settled, ${fromNano(pending)} claimed and waiting`);
  }
}
