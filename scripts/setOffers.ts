import { catalogOffers, catalogProfile, readCatalogFile } from "../wrappers/catalog";
import { ProviderStake } from "../wrappers/ProviderStake";
import { ask, askAddress, confirmSend, type ScriptHost, waitFor } from "../wrappers/scripting";

/** setOffers PROVIDER CATALOG.json: replaces offers, capacity and profile; the operator stays. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const file = readCatalogFile(await ask(provider, args, 1, "Catalog file"));
  const before = await contract.getCatalog();
  const value = await contract.getMinValueToSetCatalog();

  await confirmSend(provider, { action: "Set offers", to: contract.address, valueNano: value });
  await contract.send(
    provider.sender(),
    { value },
    {
      $$type: "SetOffers",
      queryId: 0n,
      maxOpenJobs: BigInt(file.maxOpenJobs),
      offers: catalogOffers(file),
      profile: catalogProfile(file),
    },
  );
  await waitFor("The new catalog", async () => {
    const after = await contract.getCatalog();
    return after !== null && before !== null && !after.equals(before);
  });
}
