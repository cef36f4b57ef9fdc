import type { FastifyInstance } from "fastify";
import type { Estimate } from "../client";
import { ANSWER_PATHS, pricesBody, readRequest } from "../client/openai";
import { usdText } from "../client/usd";
import { bodyOf } from "./bodyOf";
import { type Context, callerOf } from "./context";
import { requestLimit } from "./keyLimits";

/** What a request would cost, without sending it. */
export function estimateRoutes(app: FastifyInstance, context: Context): void {
  for (const kind of ["chat", "completions", "embeddings", "responses"] as const) {
    app.post(ANSWER_PATHS[kind].replace("/v1/", "/v1/estimate/"), async (request) => {
      const { limits } = await callerOf(context, request);
      const { asked } = readRequest({
        kind,
        body: bodyOf(request),
        maxCost: request.headers["cocoon-max-cost"],
        limitOf: (model) => requestLimit(limits, model),
      });
      const providers = context.client.estimate(asked);
      const usdPerTon = context.usdRate.now();
      return {
        object: "cocoon.estimate",
        model: asked.model,
        providers: providers.map((each) => entryOf(each, usdPerTon)),
      };
    });
  }
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
