import { fromNano } from "@ton/core";
import { ProviderStake } from "../wrappers/ProviderStake";
import { askAddress, confirmSend, type ScriptHost, waitFor } from "../wrappers/scripting";

/** withdrawStake PROVIDER: pays what has finished unbonding to the owner. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const { unbonding } = await contract.getProviderState();
  const value = await contract.getMinValueToChangeStake();

  await confirmSend(provider, {
    action: `Withdraw ${fromNano(unbonding)} TON`,
    to: contract.address,
    valueNano: value,
  });
  await contract.send(provider.sender(), { value }, { $$type: "WithdrawUnbonded", queryId: 0n });
  await waitFor("The withdrawal", async () => (await contract.getProviderState()).unbonding === 0n);
}
