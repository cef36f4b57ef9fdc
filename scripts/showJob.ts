import { fromNano } from "@ton/core";
import { askAddress, type ScriptHost } from "../wrappers/scripting";
import { viewJob } from "../wrappers/views";

/** showJob JOB: state, money and lanes. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const ui = provider.ui();
  const address = await askAddress(provider, args, 0, "JobEscrow");
  if (!(await provider.isContractDeployed(address))) {
    ui.write("This job is closed, or was never opened: its account does not exist.");
    ui.write("Its events tell how it ended.");
    return;
  }
  const view = await viewJob(provider, address);
  ui.write(`state      ${view.state}`);
  ui.write(`developer  ${view.developer} nonce ${view.nonce}`);
  ui.write(
    `budget     ${fromNano(view.budgetNano)} TON, ${fromNano(view.paidNano)} paid, ${fromNano(view.claimedNano)} claimed`,
  );
  ui.write(`bond       ${fromNano(view.bondNano)} TON`);
  if (view.provider !== undefined && view.deadline !== undefined) {
    ui.write(`provider   ${view.provider}`);
    ui.write(`deadline   ${new Date(view.deadline * 1000).toISOString()}`);
  }
  for (const { worker, settledNano, waitingNano } of view.lanes) {
    ui.write(`lane       ${worker}`);
    ui.write(`           ${fromNano(settledNano)} TON settled, ${fromNano(waitingNano)} claimed and waiting`);
  }
}
