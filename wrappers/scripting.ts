import type { NetworkProvider } from "@ton/blueprint";
import { Address, fromNano, type OpenedContract, toNano } from "@ton/core";
import { codeLibrary } from "./CodeLibrary";
import { contractCodes, type JobCodeForm, jobCodeForm } from "./codes";
import type { NetworkRegistry } from "./NetworkRegistry";

/** What a script needs of whoever runs it: Blueprint's `NetworkProvider`, or `cocoon` on the command line. */
export interface ScriptHost
  extends Pick<NetworkProvider, "network" | "sender" | "open" | "isContractDeployed"> {
  ui(): { write(message: string): void; input(message: string): Promise<string> };
}

/** The person did not say yes. */
export class NotConfirmedError extends Error {
  override readonly name = "NotConfirmedError";
}

/** A message was sent, and its effect is not on the chain yet. */
export class NotSeenError extends Error {
  override readonly name = "NotSeenError";
}

const POLL_MS = 250;
const WAIT_MS = 60_000;

/** The script's argument at `index`, or what the person types. */
export async function ask(
  provider: ScriptHost,
  args: string[],
  index: number,
  question: string,
): Promise<string> {
  return args[index] ?? (await provider.ui().input(question));
}

export async function askAddress(provider: ScriptHost, args: string[], index: number, question: string) {
  const text = await ask(provider, args, index, question);
  try {
    return Address.parse(text);
  } catch (cause) {
    throw new Error(`${text} is not an address (${question}).`, { cause });
  }
}

/** An amount in TON, as nanoton. Nothing here is done for none. */
export async function askAmount(provider: ScriptHost, args: string[], index: number, question: string) {
  const text = (await ask(provider, args, index, `${question} (TON)`)).trim();
  if (!/^\d+(\.\d{1,9})?$/.test(text) || toNano(text) === 0n) {
    throw new Error(`${text} is not an amount of TON (${question}): write a number above 0, such as 1.5.`);
  }
  return toNano(text);
}

/** 32 bytes in hex: a model's hash, or a key. */
export async function askHash(provider: ScriptHost, args: string[], index: number, question: string) {
  const text = (await ask(provider, args, index, `${question} (hex)`)).trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new Error(`${text} is not a ${question.toLowerCase()}: write its 64 hex digits.`);
  }
  return BigInt(`0x${text}`);
}

/** How this network's jobs carry their code. */
export async function readJobCodeForm(registry: OpenedContract<NetworkRegistry>): Promise<JobCodeForm> {
  const form = await jobCodeForm((await registry.getNetworkState()).jobCodeHash);
  if (form === undefined) {
    throw new Error(
      "The network's jobs have other code than this build: check out the version it was deployed with.",
    );
  }
  return form;
}

/** The wallet that the script sends from. */
export function senderAddress(provider: ScriptHost): Address {
  const address = provider.sender().address;
  if (address === undefined) {
    throw new Error("This script needs a wallet that knows its address: use --mnemonic or --tonconnect.");
  }
  return address;
}

/** The contract would refuse everybody else, and take a fee for it. */
export function requireSender(provider: ScriptHost, who: string, allowed: readonly Address[]): void {
  const sender = senderAddress(provider);
  if (!allowed.some((address) => address.equals(sender))) {
    const named = allowed.map((address) => address.toString()).join(" or ");
    throw new Error(`Only ${who} may do this, ${named}; the wallet here is ${sender.toString()}.`);
  }
}

/** Shows what will be sent; on mainnet it is sent only after a typed yes. */
export async function confirmSend(
  provider: ScriptHost,
  what: { readonly action: string; readonly to: Address; readonly valueNano: bigint },
): Promise<void> {
  const ui = provider.ui();
  ui.write(
    `${what.action}: ${fromNano(what.valueNano)} TON to ${what.to.toString()} on ${provider.network()}`,
  );
  if (provider.network() === "mainnet" && (await ui.input("Type yes to send")) !== "yes") {
    throw new NotConfirmedError("Nothing was sent.");
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
  throw new NotSeenError(
    `${what} did not happen within ${WAIT_MS / 1000} s. Look at the transaction in an explorer.`,
  );
}

/** Publishes this build's job code on the masterchain, or adds to the rent of what is there. */
export async function publishJobCode(provider: ScriptHost, deposit: bigint): Promise<Address> {
  const library = provider.open(await codeLibrary((await contractCodes("whole")).job));
  await confirmSend(provider, { action: "Publish the jobs' code", to: library.address, valueNano: deposit });
  await library.send(provider.sender(), { value: deposit }, null);
  await waitFor("The library", () => provider.isContractDeployed(library.address));
  provider.ui().write(`CodeLibrary          ${library.address.toString()}`);
  return library.address;
}
