import type { NetworkProvider } from "@ton/blueprint";
import { Address, Cell, toNano } from "@ton/core";

/** Deploys a contract that keeps its data and takes any message, pays it and reads the chain. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  const to = Address.parse(args[0] ?? "");
  const init = { code: Cell.fromHex(args[1] ?? ""), data: Cell.EMPTY };
  await provider.sender().send({ to, value: toNano("1.25"), init });
  await provider.waitForDeploy(to, 40, 100);

  const config = await provider.getConfig();
  const { stack } = await provider.provider(to).get("anything", [{ type: "int", value: 42n }]);
  provider.ui().write(`gas price ${config.gasPrices.workchain.other.gasPrice}`);
  provider.ui().write(`answer ${stack.readNumber()}`);
}
