import type { NetworkProvider } from "@ton/blueprint";
import { fromNano } from "@ton/core";
import { loadProviderCatalog, loadProviderProfile } from "../wrappers/messages";
import { ProviderStake } from "../wrappers/ProviderStake";
import { askAddress } from "../wrappers/scripting";

/** showProvider PROVIDER: stake, jobs, offers and workers. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  const ui = provider.ui();
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const state = await contract.getProviderState();
  ui.write(
    `owner      ${state.owner.toString()} #${state.index}${state.registered ? "" : "  NOT REGISTERED"}`,
  );
  ui.write(`stake      ${fromNano(state.stake)} TON, of which ${fromNano(state.bonded)} bonded`);
  ui.write(`unbonding  ${fromNano(state.unbonding)} TON until ${state.unbondingUntil}`);
  ui.write(`jobs       ${state.openJobs} open, ${state.completed} completed, ${state.expired} expired`);
  ui.write(`earned     ${fromNano(state.earned)} TON before fees`);
  const cell = await contract.getCatalog();
  if (cell !== null) {
    const catalog = loadProviderCatalog(cell.beginParse());
    const profile = loadProviderProfile(catalog.profile.beginParse());
    ui.write(`hardware   ${profile.gpuCount} x ${profile.gpuModel}, ${profile.vramGb} GB, ${profile.region}`);
    ui.write(`endpoint   ${profile.endpoint}`);
    for (const [model, offer] of catalog.offers) {
      const { prompt, completion } = offer.prices;
      ui.write(`offer      ${model.toString(16).padStart(64, "0")}`);
      ui.write(
        `           ${fromNano(prompt)} / ${fromNano(completion)} TON per million prompt / completion tokens`,
      );
    }
  }
  for (const [key, worker] of await contract.getWorkers()) {
    const until = new Date(Number(worker.expiresAt) * 1000).toISOString();
    ui.write(`worker     ${key.toString(16).padStart(64, "0")} until ${until}`);
  }
}
