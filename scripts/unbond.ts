import { ProviderStake } from "../wrappers/ProviderStake";
import { askAddress, askAmount, confirmSend, type ScriptHost, waitFor } from "../wrappers/scripting";

/** unbond PROVIDER AMOUNT: takes free stake out of use; `withdrawStake` pays it out after the unbonding time. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const amount = await askAmount(provider, args, 1, "Stake to unbond");
  const before = (await contract.getProviderState()).unbonding;
  const value = await contract.getMinValueToChangeStake();

  await confirmSend(provider, { action: "Unbond", to: contract.address, valueNano: value });
  await contract.send(provider.sender(), { value }, { $$type: "Unbond", queryId: 0n, amount });
  await waitFor("Unbonding", async () => (await contract.getProviderState()).unbonding === before + amount);
  const until = Number((await contract.getProviderState()).unbondingUntil);
  provider.ui().write(`Withdrawable from ${new Date(until * 1000).toISOString()}`);
}
