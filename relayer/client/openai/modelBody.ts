import type { Prices } from "../../protocol";
import type { ModelInfo } from "../directory";
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
    /** At the cheapest provider. */
    pricing: { ...pricesBody(prices), ...(usdPerTon === undefined ? {} : usdBody(prices, usdPerTon)) },
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
