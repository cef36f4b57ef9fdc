import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Completion, Outcome } from "../client";
import { isStream, type ParsedRequest, parseMaxCost, parseRequest, type RequestKind } from "../client/openai";
import { FinalError, toCocoonError } from "../errors";
import { answerJson } from "./answerJson";
import { answerStream } from "./answerStream";
import { type Context, callerOf } from "./context";

const ROUTES = {
  chat: "/v1/chat/completions",
  completions: "/v1/completions",
} as const satisfies Record<RequestKind, string>;

export function completionRoutes(app: FastifyInstance, context: Context): void {
  for (const kind of ["chat", "completions"] as const) {
    app.post(ROUTES[kind], async (request, reply) => {
      const startedMs = context.clock.nowMs();
      let code = "ok";
      try {
        const outcome = await serve(context, kind, request, reply);
        context.metrics.cost(outcome.costNano ?? 0n);
      } catch (thrown) {
        code = toCocoonError(thrown).code.toLowerCase();
        if (!reply.sent) {
          throw thrown;
        }
        context.log.warn({ msg: "stream ended early", code, detail: toCocoonError(thrown).message });
      } finally {
        const seconds = (context.clock.nowMs() - startedMs) / 1000;
        context.metrics.ended({ route: ROUTES[kind], code, seconds });
      }
      return reply;
    });
  }
}

async function serve(
  context: Context,
  kind: RequestKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Outcome> {
  const caller = await callerOf(context, request);
  const body = bodyOf(request);
  const parsed = parseRequest(kind, body);
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) {
      gone.abort();
    }
  });
  const completion = await context.client.complete({
    body,
    model: parsed.model,
    maxTokens: parsed.maxTokens,
    answers: parsed.answers,
    apiKeyId: caller.id,
    maxCostNano: parseMaxCost(request.headers["cocoon-max-cost"]),
    signal: gone.signal,
  });
  const outcome = await answer(reply, completion, parsed);
  context.log.info({
    msg: "request served",
    route: kind,
    requestId: completion.requestId,
    job: completion.job,
    provider: completion.provider,
    model: completion.model,
    status: completion.status,
    costNano: outcome.costNano,
    apiKey: caller.id,
  });
  return outcome;
}

function answer(reply: FastifyReply, completion: Completion, parsed: ParsedRequest): Promise<Outcome> {
  return isStream(completion)
    ? answerStream(reply, completion, { includeUsage: parsed.includeUsage })
    : answerJson(reply, completion);
}

function bodyOf(request: FastifyRequest): Uint8Array {
  if (!(request.body instanceof Uint8Array)) {
    throw new FinalError("BAD_REQUEST", "Send a JSON body with `content-type: application/json`.");
  }
  return request.body;
}
