import { fromNano } from "@ton/core";
import { readDeployment } from "../wrappers/deployments";
import type { ScriptHost } from "../wrappers/scripting";
import { viewNetwork } from "../wrappers/views";

/** showNetwork: parameters, offices and allow-lists. */
export async function run(provider: ScriptHost): Promise<void> {
  const ui = provider.ui();
  const view = await viewNetwork(provider, readDeployment());
  ui.write(`NetworkRegistry      ${view.networkRegistry}${view.paused ? "  PAUSED" : ""}`);
  ui.write(`AttestationRegistry  ${view.attestationRegistry}`);
  ui.write(`governor             ${view.governor}`);
  ui.write(`                     changes wait ${view.timelockSeconds} s`);
  ui.write(`guardian             ${view.guardian}`);
  ui.write(`treasury             ${view.treasury}`);
  ui.write(`fee, bond            ${view.feeBps / 100} %, ${view.bondBps / 100} % of a job`);
  ui.write(`least stake          ${fromNano(view.minStakeNano)} TON, unbonds in ${view.unbondingSeconds} s`);
  ui.write(`windows              challenge ${view.challengeSeconds} s, close ${view.closeSeconds} s`);
  ui.write(`attestors            ${view.threshold} of ${view.attestors}, epoch ${view.epoch}`);
  for (const { hash, expiresAt, tier } of view.images) {
    ui.write(`image                until ${new Date(expiresAt * 1000).toISOString()}, tier ${tier}`);
    ui.write(`  ${hash}`);
  }
  for (const hash of view.models) {
    ui.write("model");
    ui.write(`  ${hash}`);
    const market = view.markets.find(({ model }) => model === hash);
    if (market !== undefined) {
      ui.write(`  sold for ${fromNano(market.volumeNano)} TON in ${market.sales} auctions`);
      ui.write(`  price ${fromNano(market.priceNano)} TON per million tokens, blended`);
      ui.write(`  demand ${market.demandTokensPerDay} tokens a day, declared`);
    }
  }
}
