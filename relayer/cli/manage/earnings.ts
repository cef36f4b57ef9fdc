import { Address } from "@ton/core";
import { readDeployment } from "../../../wrappers/deployments";
import { type Opener, viewNetwork, viewProvider } from "../../../wrappers/views";
import { openContract } from "../../chain";
import { FinalError } from "../../errors";
import { formatTon } from "../../protocol";
import { type ProviderOptions, providerOf } from "./chainCommands";
import { type Io, toJson } from "./output";
import { withChain } from "./session";

export interface EarningsOptions extends ProviderOptions {
  /** Tokens that the hardware writes in a second, all requests together: measure it. */
  readonly tokensPerSecond?: string;
  /** Tokens read for each one written. */
  readonly promptRatio: string;
  readonly hours: string;
  /** Part of that time with work, 0 to 1. */
  readonly load: string;
  /** Hash of the model, where several are offered. */
  readonly model?: string;
  /** What one TON is worth, in any currency. */
  readonly rate?: string;
}

const BPS = 10_000n;
const PER_PRICE = 1_000_000n;
const PRECISION = 1_000_000;

/** What a provider has earned, and with a throughput what a day would bring at its price. */
export async function providerEarnings(io: Io, options: EarningsOptions): Promise<void> {
  await withChain(io, async ({ config, reader }) => {
    const chain: Opener = { open: (contract) => openContract(reader, contract) };
    const [provider, network] = await Promise.all([
      viewProvider(chain, Address.parse(providerOf(config, options))),
      viewNetwork(chain, readDeployment(io.env)),
    ]);
    const offer = provider.offers.find(({ model }) => options.model === undefined || model === options.model);
    const day =
      options.tokensPerSecond === undefined || offer === undefined
        ? undefined
        : dayOf({ ...offer, feeBps: network.feeBps }, options, options.tokensPerSecond);
    const { earnedNano, completedJobs, openJobs } = provider;
    if (options.json === true) {
      io.stdout.write(toJson({ earnedNano, completedJobs, openJobs, feeBps: network.feeBps, day }));
      return;
    }
    io.stdout.write(
      `earned   ${formatTon(earnedNano)} TON before fees, in ${completedJobs} completed jobs\n`,
    );
    io.stdout.write(`fee      ${network.feeBps / 100} % of it went to the network\n`);
    if (day === undefined) {
      io.stdout.write("A day: give --tokens-per-second, as measured on your hardware with your model.\n");
      return;
    }
    const fiat = day.fiat === undefined ? "" : `, ${day.fiat.toFixed(2)} at ${options.rate} a TON`;
    io.stdout.write(`a day    ${formatTon(day.netNano)} TON after fees${fiat}\n`);
    io.stdout.write(`         if gateways ask for ${day.completionTokens} written tokens at your price\n`);
  });
}

/** One day's work. Amounts in nanoton. */
export function dayOf(
  offer: { readonly promptNano: bigint; readonly completionNano: bigint; readonly feeBps: number },
  options: Pick<EarningsOptions, "promptRatio" | "hours" | "load" | "rate">,
  tokensPerSecond: string,
) {
  const hours = numberOf("--hours", options.hours, 24);
  const load = numberOf("--load", options.load, 1);
  const speed = numberOf("--tokens-per-second", tokensPerSecond, 1e9);
  const ratio = numberOf("--prompt-ratio", options.promptRatio, 1e6);
  const written = BigInt(Math.floor(speed * hours * 3_600 * load));
  const read = (written * BigInt(Math.round(ratio * PRECISION))) / BigInt(PRECISION);
  const grossNano = (written * offer.completionNano + read * offer.promptNano) / PER_PRICE;
  const netNano = grossNano - (grossNano * BigInt(offer.feeBps)) / BPS;
  const rate = options.rate === undefined ? undefined : numberOf("--rate", options.rate, 1e9);
  const fiat = rate === undefined ? undefined : (Number(netNano) / 1e9) * rate;
  return { completionTokens: written, promptTokens: read, grossNano, netNano, fiat };
}

function numberOf(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0 || value > most) {
    throw new FinalError("BAD_REQUEST", `${name} must be a number from 0 to ${most}.`);
  }
  return value;
}
