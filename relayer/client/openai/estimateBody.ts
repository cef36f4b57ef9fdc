import type { Client } from "../createClient";
import type { Estimate } from "../estimate";
import { usdText } from "../usd";
import { pricesBody } from "./modelBody";
import { type AskedWords, readRequest } from "./readRequest";

/** What a request would cost at each provider, without sending it. Throws where nobody serves the model. */
export function estimateBody(client: Pick<Client, "estimate">, words: AskedWords, usdPerTon?: number) {
  const { asked } = readRequest(words);
  const providers = client.estimate(asked);
  return {
    object: "cocoon.estimate",
    model: asked.model,
    providers: providers.map((each) => entryOf(each, usdPerTon)),
  };
}

function entryOf(each: Estimate, usdPerTon: number | undefined) {
  return {
    provider: each.provider,
    attestation: each.tee,
    pricing: pricesBody(each.prices),
    has_job: each.hasJob,
    prompt_tokens_at_most: Number(each.promptTokensAtMost),
    completion_tokens_at_most: Number(each.completionTokensAtMost),
    worst_cost_nano: each.worstCostNano.toString(),
    max_cost_nano: each.maxCostNano.toString(),
    ...(usdPerTon === undefined ? {} : { max_cost_usd: usdText(each.maxCostNano, usdPerTon) }),
  };
}
