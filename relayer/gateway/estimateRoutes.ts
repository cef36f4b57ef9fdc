import type { FastifyInstance } from "fastify";
import { ANSWER_PATHS, estimateBody } from "../client/openai";
import { bodyOf } from "./bodyOf";
import { type Context, callerOf } from "./context";
import { requestLimit } from "./keyLimits";

/** What a request would cost, without sending it. */
export function estimateRoutes(app: FastifyInstance, context: Context): void {
  for (const kind of ["chat", "completions", "embeddings", "responses"] as const) {
    app.post(ANSWER_PATHS[kind].replace("/v1/", "/v1/estimate/"), async (request) => {
      const { limits } = await callerOf(context, request);
      const words = {
        kind,
        body: bodyOf(request),
        maxCost: request.headers["cocoon-max-cost"],
        limitOf: (model: string) => requestLimit(limits, model),
      };
      return estimateBody(context.client, words, context.usdRate.now());
    });
  }
}
