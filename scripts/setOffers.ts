import { beginCell } from "@ton/core";
import { catalogOffers, catalogProfile, readCatalogFile } from "../wrappers/catalog";
import { loadProviderCatalog, storeProviderCatalog } from "../wrappers/messages";
import { ProviderStake } from "../wrappers/ProviderStake";
import { ask, askAddress, confirmSend, requireSender, type ScriptHost, waitFor } from "../wrappers/scripting";

/** setOffers PROVIDER CATALOG.json: replaces offers, capacity and profile; the operator stays. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const file = readCatalogFile(await ask(provider, args, 1, "Catalog file"));
  const [{ owner }, before] = await Promise.all([contract.getProviderState(), contract.getCatalog()]);
  if (before === null) {
    throw new Error("The provider is not registered yet.");
  }
  const known = loadProviderCatalog(before.beginParse());
  requireSender(provider, "the provider's operator or owner", [known.operator, owner]);
  const offered = {
    maxOpenJobs: BigInt(file.maxOpenJobs),
    offers: catalogOffers(file),
    profile: catalogProfile(file),
  };
  const wanted = beginCell()
    .store(storeProviderCatalog({ ...known, ...offered }))
    .endCell();
  if (wanted.equals(before)) {
    provider.ui().write("The provider offers this already: nothing to send.");
    return;
  }
  const value = await contract.getMinValueToSetCatalog();

  await confirmSend(provider, { action: "Set offers", to: contract.address, valueNano: value });
  await contract.send(provider.sender(), { value }, { $$type: "SetOffers", queryId: 0n, ...offered });
  await waitFor("The new catalog", async () => {
    const after = await contract.getCatalog();
    return after?.equals(wanted) === true;
  });
}
