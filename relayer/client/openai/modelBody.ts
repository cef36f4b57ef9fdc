import type { Prices } from "../../protocol";
import { type ModelInfo, priceOf } from "../directory";
import type { MarketInfo } from "../modelFacts";
import { usdText } from "../usd";

/** One entry of `GET /v1/models`; `created` in unix seconds. */
export function modelBody(model: ModelInfo, created: number, usdPerTon?: number) {
  const { prices } = model.cheapest;
  return {
    id: model.name,
    object: "model",
    created,
    owned_by: "cocoon",
    model_hash: model.modelHash,
    context_length: model.contextLength,
    providers: model.providers,
    workers: model.workers,
    /** Kinds of TEE that its workers were attested in. */
    attestation: model.tees,
    attestation_levels: model.levels.map(({ tee, verifiedBy, workers }) => ({
      tee,
      verified_by: verifiedBy ?? null,
      workers,
    })),
    /** At the cheapest provider. */
    pricing: {
      ...pricesBody(prices),
      /** Three parts read and one written, to compare with the market's. */
      blended_nano: (priceOf(model.cheapest) / 4n).toString(),
      ...(usdPerTon === undefined ? {} : usdBody(prices, usdPerTon)),
    },
    market: model.market === undefined ? null : marketBody(model.market),
  };
}

/** What auctions paid for the model, and what is asked for. */
function marketBody({ address, priceNano, volumeNano, sales, demandTokensPerDay }: MarketInfo) {
  return {
    address,
    price_nano: priceNano?.toString() ?? null,
    volume_nano: volumeNano.toString(),
    sales,
    demand_tokens_per_day: demandTokensPerDay.toString(),
  };
}

/** Nanoton per 1,000,000 tokens. */
export function pricesBody(prices: Prices) {
  return {
    prompt_nano: prices.promptPrice.toString(),
    cached_nano: prices.cachedPrice.toString(),
    completion_nano: prices.completionPrice.toString(),
    reasoning_nano: prices.reasoningPrice.toString(),
  };
}

/** The same in US dollars, where a rate is known. */
function usdBody(prices: Prices, usdPerTon: number) {
  return {
    prompt_usd: usdText(prices.promptPrice, usdPerTon),
    cached_usd: usdText(prices.cachedPrice, usdPerTon),
    completion_usd: usdText(prices.completionPrice, usdPerTon),
    reasoning_usd: usdText(prices.reasoningPrice, usdPerTon),
  };
}
