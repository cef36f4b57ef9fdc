import { Address } from "@ton/core";
import { readDeployment } from "../../../wrappers/deployments";
import { type Opener, viewNetwork, viewProvider } from "../../../wrappers/views";
import { openContract } from "../../chain";
import { FinalError } from "../../errors";
import { formatTon } from "../../protocol";
import { type ProviderOptions, providerOf } from "./chainCommands";
import { estimateTokensPerSecond } from "./hardware";
import { marketPrice, viewMarket } from "./market";
import { type Io, toJson } from "./output";
import { withChain } from "./session";

export interface EarningsOptions extends ProviderOptions {
  /** Tokens that the hardware writes in a second, all requests together: measure it. */
  readonly tokensPerSecond?: string;
  /** Where it was not measured: a card, how many of it, the model's billions of parameters, bits of each, requests at once. */
  readonly gpu?: string;
  readonly gpus: string;
  readonly params?: string;
  readonly bits: string;
  readonly batch: string;
  /** Reckon with the middle of the market's prices instead of one's own. */
  readonly market?: boolean;
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

/** What a provider has earned, and with hardware or a throughput what a day would bring at its price or the market's. */
export async function providerEarnings(io: Io, options: EarningsOptions): Promise<void> {
  await withChain(io, async ({ config, reader }) => {
    const chain: Opener = { open: (contract) => openContract(reader, contract) };
    const deployment = readDeployment(io.env);
    const [provider, network] = await Promise.all([
      viewProvider(chain, Address.parse(providerOf(config, options))),
      viewNetwork(chain, deployment),
    ]);
    const own = provider.offers.find(({ model }) => options.model === undefined || model === options.model);
    const model = options.model ?? own?.model;
    const price =
      options.market === true && model !== undefined
        ? marketPrice(await viewMarket({ chain, reader, deployment }), model)
        : own;
    const speed = speedOf(options);
    const day =
      speed === undefined || price === undefined
        ? undefined
        : dayOf({ ...price, feeBps: network.feeBps }, options, speed);
    const { earnedNano, completedJobs, openJobs } = provider;
    if (options.json === true) {
      const { feeBps } = network;
      const tokensPerSecond = speed === undefined ? undefined : Number(speed);
      io.stdout.write(toJson({ earnedNano, completedJobs, openJobs, feeBps, tokensPerSecond, price, day }));
      return;
    }
    const jobs = completedJobs === 1 ? "1 completed job" : `${completedJobs} completed jobs`;
    io.stdout.write(`earned   ${formatTon(earnedNano)} TON before fees, in ${jobs}\n`);
    io.stdout.write(`fee      ${network.feeBps / 100} % of it went to the network\n`);
    io.stdout.write(dayText(options, { speed, price, day }));
  });
}

function dayText(
  options: EarningsOptions,
  reckoned: {
    readonly speed: string | undefined;
    readonly price: { readonly promptNano: bigint; readonly completionNano: bigint } | undefined;
    readonly day: ReturnType<typeof dayOf> | undefined;
  },
): string {
  const { speed, price, day } = reckoned;
  if (speed === undefined) {
    return "a day    give --tokens-per-second as measured, or --gpu and --params to estimate\n";
  }
  if (price === undefined || day === undefined) {
    return "a day    nobody offers this model: name one with --model\n";
  }
  const fiat = day.fiat === undefined ? "" : `, ${day.fiat.toFixed(2)} at ${options.rate} a TON`;
  const whose = options.market === true ? "the market's middle" : "your price";
  const isGuess = options.tokensPerSecond === undefined;
  return [
    `price    ${formatTon(price.promptNano)} read, ${formatTon(price.completionNano)} written, TON a million; ${whose}`,
    `speed    ${speed} tokens a second${isGuess ? ", estimated from memory bandwidth: measure" : ", as given"}`,
    `a day    ${formatTon(day.netNano)} TON after fees${fiat}`,
    `         if gateways ask for ${day.completionTokens} written tokens`,
    "",
  ].join("\n");
}

/** Measured, or estimated from the hardware; undefined where neither is given. */
function speedOf(options: EarningsOptions): string | undefined {
  const { tokensPerSecond, gpu, params } = options;
  if (tokensPerSecond !== undefined || gpu === undefined || params === undefined) {
    return tokensPerSecond;
  }
  const hardware = {
    gpu: gpu.toLowerCase(),
    gpus: numberOf("--gpus", options.gpus, 1_024),
    params: numberOf("--params", params, 1e5),
    bits: numberOf("--bits", options.bits, 64),
    batch: numberOf("--batch", options.batch, 1e5),
  };
  if (hardware.params === 0 || hardware.bits === 0) {
    throw new FinalError("BAD_REQUEST", "--params and --bits must be more than 0.");
  }
  return String(estimateTokensPerSecond(hardware));
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
