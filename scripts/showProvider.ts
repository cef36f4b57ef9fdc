import { fromNano } from "@ton/core";
import { askAddress, type ScriptHost } from "../wrappers/scripting";
import { viewProvider } from "../wrappers/views";

/** showProvider PROVIDER: stake, jobs, offers and workers. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const ui = provider.ui();
  const view = await viewProvider(provider, await askAddress(provider, args, 0, "ProviderStake"));
  const { stakeNano, bondedNano, unbondingNano } = view;
  ui.write(`owner      ${view.owner} #${view.index}${view.registered ? "" : "  NOT REGISTERED"}`);
  ui.write(`stake      ${fromNano(stakeNano)} TON, of which ${fromNano(bondedNano)} bonded`);
  ui.write(`unbonding  ${fromNano(unbondingNano)} TON until ${dateOf(view.unbondingUntil)}`);
  ui.write(`jobs       ${view.openJobs} open, ${view.completedJobs} completed, ${view.expiredJobs} expired`);
  ui.write(`earned     ${fromNano(view.earnedNano)} TON before fees`);
  if (view.endpoint !== undefined) {
    ui.write(`hardware   ${view.hardware}`);
    ui.write(`endpoint   ${view.endpoint}`);
  }
  for (const { model, promptNano, completionNano } of view.offers) {
    ui.write(`offer      ${model}`);
    ui.write(
      `           ${fromNano(promptNano)} / ${fromNano(completionNano)} TON per million prompt / completion tokens`,
    );
  }
  for (const { key, expiresAt } of view.workers) {
    ui.write(`worker     ${key}`);
    ui.write(`           attested until ${dateOf(expiresAt)}`);
  }
}

function dateOf(seconds: number): string {
  return seconds === 0 ? "-" : new Date(seconds * 1000).toISOString();
}
