import { readDeployment } from "../wrappers/deployments";
import { modelMarket } from "../wrappers/ModelMarket";
import { NetworkRegistry } from "../wrappers/NetworkRegistry";
import { ask, askHash, confirmSend, readJobCodeForm, type ScriptHost, waitFor } from "../wrappers/scripting";

/** Covers the declaration, the market's rent and its first deployment; the excess comes back. */
const VALUE = 50_000_000n;

/** declareDemand MODEL TOKENS_PER_DAY: tells the model's market what you would use; the first one deploys it. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const { networkRegistry } = readDeployment();
  const modelHash = await askHash(provider, args, 0, "Model hash");
  const tokens = await ask(provider, args, 1, "Tokens a day");
  if (!/^[1-9]\d{0,13}$/.test(tokens)) {
    throw new Error(`${tokens} is not a number of tokens a day.`);
  }
  const tokensPerDay = BigInt(tokens);
  const registry = provider.open(NetworkRegistry.fromAddress(networkRegistry));
  const market = provider.open(
    await modelMarket({ registry: networkRegistry, modelHash, jobCode: await readJobCodeForm(registry) }),
  );
  const known = await provider.isContractDeployed(market.address);
  const { demandToday, demandBefore } = known
    ? await market.getMarket()
    : { demandToday: 0n, demandBefore: 0n };

  await confirmSend(provider, { action: "Declare demand", to: market.address, valueNano: VALUE });
  await market.send(
    provider.sender(),
    { value: VALUE },
    { $$type: "DeclareDemand", queryId: 0n, tokensPerDay },
  );
  await waitFor("The declaration", async () => {
    const now = await market.getMarket();
    return now.demandToday + now.demandBefore >= demandToday + demandBefore + tokensPerDay;
  });
  provider.ui().write(`ModelMarket  ${market.address.toString()}`);
}
