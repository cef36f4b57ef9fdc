import { fromNano } from "@ton/core";
import { ProviderStake } from "../wrappers/ProviderStake";
import { askAddress, confirmSend, requireSender, type ScriptHost, waitFor } from "../wrappers/scripting";

/** withdrawStake PROVIDER: pays what has finished unbonding to the owner. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const { owner, unbonding, unbondingUntil } = await contract.getProviderState();
  requireSender(provider, "the provider's owner", [owner]);
  if (unbonding === 0n) {
    throw new Error("Nothing was unbonded: unbond stake first.");
  }
  // A local network's clock can be set: there the contract alone knows the time.
  if (provider.network() !== "custom" && Date.now() < Number(unbondingUntil) * 1_000) {
    const from = new Date(Number(unbondingUntil) * 1_000).toISOString();
    throw new Error(`${fromNano(unbonding)} TON can be withdrawn from ${from} on.`);
  }
  const value = await contract.getMinValueToChangeStake();

  await confirmSend(provider, {
    action: `Withdraw ${fromNano(unbonding)} TON`,
    to: contract.address,
    valueNano: value,
  });
  await contract.send(provider.sender(), { value }, { $$type: "WithdrawUnbonded", queryId: 0n });
  await waitFor("The withdrawal", async () => (await contract.getProviderState()).unbonding === 0n);
}
