import { fromNano } from "@ton/core";
import { askAddress, type ScriptHost } from "../wrappers/scripting";
import { type JobView, viewJob } from "../wrappers/views";

/** showJob JOB: state, money and lanes; while it is up for auction, its dates, ceiling and best bid. */
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
  if (view.provider !== undefined) {
    ui.write(`provider   ${view.provider}`);
  }
  if (view.deadline !== undefined) {
    ui.write(`deadline   ${iso(view.deadline)}`);
  }
  if (view.auction !== undefined) {
    showAuction(ui, view.auction);
  }
  if (view.closeAt !== undefined) {
    ui.write(`closing    claims may arrive until ${iso(view.closeAt)}`);
  }
  if (view.dispute !== undefined) {
    ui.write(`disputed   ${iso(view.dispute.at)}, with a bond of ${fromNano(view.dispute.bondNano)} TON`);
    ui.write(`           the arbiter may decide until ${iso(view.dispute.endsAt)}`);
  }
  for (const { worker, settledNano, waiting } of view.lanes) {
    ui.write(`lane       ${worker}`);
    ui.write(`           ${fromNano(settledNano)} TON settled`);
    for (const { nano, maturesAt } of waiting) {
      ui.write(`           ${fromNano(nano)} TON claimed, to be paid from ${iso(maturesAt)} on`);
    }
  }
}

function showAuction(
  ui: ReturnType<ScriptHost["ui"]>,
  { endsAt, acceptBy, ceiling, best }: NonNullable<JobView["auction"]>,
): void {
  ui.write(`auction    providers bid until ${iso(endsAt)}`);
  ui.write(`           then anyone awards it, until ${iso(acceptBy)}`);
  const { promptNano, cachedNano, completionNano, reasoningNano } = ceiling;
  const prices = [promptNano, cachedNano, completionNano, reasoningNano].map(fromNano).join(", ");
  ui.write("ceiling    TON a million tokens: prompt, cached, completion, reasoning");
  ui.write(`           ${prices}`);
  if (best === undefined) {
    ui.write("best bid   none yet");
  } else {
    ui.write(`best bid   ${best.bps / 100} % of the ceiling, bond ${fromNano(best.bondNano)} TON`);
    ui.write(`           ${best.provider}`);
  }
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
