import { Address } from "@ton/core";
import type { Deployment } from "../../../wrappers/deployments";
import { type Opener, type ProviderView, viewProvider } from "../../../wrappers/views";
import type { ChainReader } from "../../chain";
import { listProviders } from "../../client/listProviders";
import { silentLog } from "../../observe/log";
import { openStore } from "../../store";

export interface MarketDeps {
  readonly chain: Opener;
  readonly reader: ChainReader;
  readonly deployment: Deployment;
}

/** Every provider of the network, as its contract stands. */
export async function viewMarket({
  chain,
  reader,
  deployment,
}: MarketDeps): Promise<readonly ProviderView[]> {
  const store = await openStore({ url: "memory:", log: silentLog });
  try {
    const { networkRegistry: registry, attestationRegistry, globalId } = deployment;
    const network = { globalId, registry, attestationRegistry };
    const all = await listProviders({ reader, store, log: silentLog, network });
    return await Promise.all(all.map((address) => viewProvider(chain, Address.parseRaw(address))));
  } finally {
    await store.close();
  }
}

/** The middle of what a model costs on this network, each price for itself; undefined where nobody offers it. */
export function marketPrice(
  providers: readonly ProviderView[],
  model: string,
): { readonly promptNano: bigint; readonly completionNano: bigint; readonly offers: number } | undefined {
  const offers = providers.flatMap((provider) => provider.offers.filter((offer) => offer.model === model));
  const middle = (values: readonly bigint[]) =>
    [...values].sort((a, b) => (a < b ? -1 : Number(a > b)))[Math.floor((values.length - 1) / 2)];
  const promptNano = middle(offers.map((offer) => offer.promptNano));
  const completionNano = middle(offers.map((offer) => offer.completionNano));
  return promptNano === undefined || completionNano === undefined
    ? undefined
    : { promptNano, completionNano, offers: offers.length };
}
