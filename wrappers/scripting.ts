import type { NetworkProvider } from "@ton/blueprint";
import { Address, fromNano, toNano } from "@ton/core";

const POLL_MS = 250;
const WAIT_MS = 60_000;

/** The script's argument at `index`, or what the person types. */
export async function ask(
  provider: NetworkProvider,
  args: string[],
  index: number,
  question: string,
): Promise<string> {
  return args[index] ?? (await provider.ui().input(question));
}

export async function askAddress(provider: NetworkProvider, args: string[], index: number, question: string) {
  return Address.parse(await ask(provider, args, index, question));
}

/** An amount in TON, as nanoton. */
export async function askAmount(provider: NetworkProvider, args: string[], index: number, question: string) {
  return toNano(await ask(provider, args, index, `${question} (TON)`));
}

/** The wallet that the script sends from. */
export function senderAddress(provider: NetworkProvider): Address {
  const address = provider.sender().address;
  if (address === undefined) {
    throw new Error("This script needs a wallet that knows its address: use --mnemonic or --tonconnect.");
  }
  return address;
}

/** Shows what will be sent; on mainnet it is sent only after a typed yes. */
export async function confirmSend(
  provider: NetworkProvider,
  what: { readonly action: string; readonly to: Address; readonly valueNano: bigint },
): Promise<void> {
  const ui = provider.ui();
  ui.write(
    `${what.action}: ${fromNano(what.valueNano)} TON to ${what.to.toString()} on ${provider.network()}`,
  );
  if (provider.network() === "mainnet" && (await ui.input("Type yes to send")) !== "yes") {
    throw new Error("Nothing was sent.");
  }
}

/** Waits until `done` holds; the chain decides, so this is the only proof that a message has worked. */
export async function waitFor(what: string, done: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end) {
    if (await done().catch(() => false)) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(
    `${what} did not happen within ${WAIT_MS / 1000} s. Look at the transaction in an explorer.`,
  );
}
