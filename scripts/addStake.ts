import { ProviderStake } from "../wrappers/ProviderStake";
import {
  askAddress,
  askAmount,
  confirmSend,
  requireSender,
  type ScriptHost,
  waitFor,
} from "../wrappers/scripting";

/** addStake PROVIDER AMOUNT: adds stake from the owner's wallet. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const contract = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const amount = await askAmount(provider, args, 1, "Stake to add");
  const { owner, stake: before } = await contract.getProviderState();
  requireSender(provider, "the provider's owner", [owner]);
  const value = amount + (await contract.getMinValueToChangeStake());

  await confirmSend(provider, { action: "Add stake", to: contract.address, valueNano: value });
  await contract.send(provider.sender(), { value }, { $$type: "AddStake", queryId: 0n, amount });
  await waitFor("The stake", async () => (await contract.getProviderState()).stake === before + amount);
}
