import type { ModelInfo } from "../directory";

/** One entry of `GET /v1/models`; `created` in unix seconds. */
export function modelBody(model: ModelInfo, created: number) {
  const { prices } = model.cheapest;
  return {
    id: model.name,
    object: "model",
    created,
    owned_by: "cocoon",
    model_hash: model.modelHash,
    context_length: model.contextLength,
    providers: model.providers,
    /** Nanoton per 1,000,000 tokens, at the cheapest provider. */
    pricing: {
      prompt_nano: prices.promptPrice.toString(),
      cached_nano: prices.cachedPrice.toString(),
      completion_nano: prices.completionPrice.toString(),
      reasoning_nano: prices.reasoningPrice.toString(),
    },
  };
}
