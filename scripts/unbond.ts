import { fromNano } from "@ton/core";
import { ProviderStake } from "../wrappers/ProviderStake";
import {
  askAddress,
  askAmount,
  confirmSend,
  requireSender,
  type ScriptHost,
  waitFor,
} from "../wrappers/scripting";

/** unbond PROVIDER AMOUNT: takes free stake out of use; `withdrawStake` pays it out after the unbonding time. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const amount = await askAmount(provider, args, 1, "Stake to unbond");
  const { owner, stake, bonded, unbonding: before } = await contract.getProviderState();
  requireSender(provider, "the provider's owner", [owner]);
  if (amount > stake - bonded) {
    throw new Error(
      `${fromNano(stake - bonded)} TON are free to unbond: of ${fromNano(stake)}, open jobs hold ${fromNano(bonded)}.`,
    );
  }
  const value = await contract.getMinValueToChangeStake();

  await confirmSend(provider, { action: "Unbond", to: contract.address, valueNano: value });
  await contract.send(provider.sender(), { value }, { $$type: "Unbond", queryId: 0n, amount });
  await waitFor("Unbonding", async () => (await contract.getProviderState()).unbonding === before + amount);
  const until = Number((await contract.getProviderState()).unbondingUntil);
  provider.ui().write(`Withdrawable from ${new Date(until * 1000).toISOString()}`);
}
