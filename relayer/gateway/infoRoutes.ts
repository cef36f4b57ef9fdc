import type { FastifyInstance } from "fastify";
import { modelBody } from "../client/openai";
import { FinalError } from "../errors";
import { type Context, callerOf } from "./context";

/** Models, health and metrics. */
export function infoRoutes(app: FastifyInstance, context: Context): void {
  const startedSeconds = Math.floor(context.clock.nowMs() / 1000);
  app.get("/v1/models", async (request) => {
    await callerOf(context, request);
    return {
      object: "list",
      data: context.client.models().map((model) => modelBody(model, startedSeconds, context.usdRate.now())),
    };
  });
  // Model names contain slashes.
  app.get<{ Params: { "*": string } }>("/v1/models/*", async (request) => {
    await callerOf(context, request);
    const found = context.client.models().find(({ name }) => name === request.params["*"]);
    if (found === undefined) {
      throw new FinalError("NOT_FOUND", "No attested worker serves this model.", { param: "model" });
    }
    return modelBody(found, startedSeconds, context.usdRate.now());
  });
  app.get("/v1/cocoon/usage", async (request) => {
    const caller = await callerOf(context, request);
    const { spentNano, limitNano, days } = await context.apiKeys.usage(caller);
    return {
      object: "cocoon.usage",
      name: caller.name,
      spent_nano: spentNano.toString(),
      limit_nano: limitNano?.toString() ?? null,
      today: days.map(({ scope, ...day }) => ({
        model: scope === "" ? null : scope,
        spent_nano: day.spentNano.toString(),
        limit_nano: day.limitNano.toString(),
      })),
    };
  });
  app.get("/healthz", async () => ({ ok: true, ...context.client.health() }));
  app.get("/readyz", async (_request, reply) => {
    const { providers, models } = context.client.health();
    return await reply.code(models > 0 ? 200 : 503).send({ ok: models > 0, providers, models });
  });
  app.get("/metrics", async (request, reply) => {
    await callerOf(context, request);
    return await reply.type("text/plain; version=0.0.4").send(await context.metrics.text());
  });
}
