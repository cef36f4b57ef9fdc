import { catalogCell, readCatalogFile } from "../wrappers/catalog";
import { contractCodes } from "../wrappers/codes";
import { readDeployment } from "../wrappers/deployments";
import { NetworkRegistry } from "../wrappers/NetworkRegistry";
import { providerStake } from "../wrappers/ProviderStake";
import {
  ask,
  askAmount,
  confirmSend,
  readJobCodeForm,
  type ScriptHost,
  senderAddress,
  waitFor,
} from "../wrappers/scripting";

/** registerProvider CATALOG.json STAKE [INDEX]: stakes from the wallet and joins the network. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const { networkRegistry } = readDeployment();
  const catalog = readCatalogFile(await ask(provider, args, 0, "Catalog file"));
  const stake = await askAmount(provider, args, 1, "Stake");
  const registry = provider.open(NetworkRegistry.fromAddress(networkRegistry));
  const contract = provider.open(
    await providerStake({
      registry: networkRegistry,
      owner: senderAddress(provider),
      index: Number(args[2] ?? 0),
      jobCode: (await contractCodes(await readJobCodeForm(registry))).job,
    }),
  );
  const value = stake + (await registry.getMinValueToRegister());

  await confirmSend(provider, { action: "Register and stake", to: contract.address, valueNano: value });
  await contract.send(
    provider.sender(),
    { value },
    { $$type: "RegisterProvider", queryId: 0n, stake, catalog: catalogCell(catalog) },
  );
  await waitFor("Registration", async () => (await contract.getProviderState()).registered);
  provider.ui().write(`ProviderStake  ${contract.address.toString()}`);
}
