import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Outcome } from "../client";
import { ANSWER_PATHS, type AnswerKind, beginAnswer, isStream } from "../client/openai";
import { toCocoonError } from "../errors";
import { answerJson } from "./answerJson";
import { answerStream } from "./answerStream";
import { bodyOf } from "./bodyOf";
import { type Context, callerOf } from "./context";
import { requestLimit } from "./keyLimits";

/** Counted for an answer that is a refusal. */
const REFUSED = "backend_refused";

export function completionRoutes(app: FastifyInstance, context: Context): void {
  for (const kind of ["chat", "completions", "embeddings", "responses"] as const) {
    app.post(ANSWER_PATHS[kind], async (request, reply) => {
      const startedMs = context.clock.nowMs();
      let code = "ok";
      try {
        const { costNano, status } = await serve(context, kind, request, reply);
        context.metrics.cost(costNano ?? 0n);
        // What a worker or its backend refuses is no failure here, and no answer either.
        code = status < 400 ? "ok" : REFUSED;
      } catch (thrown) {
        code = toCocoonError(thrown).code.toLowerCase();
        if (!reply.sent) {
          throw thrown;
        }
        context.log.warn({ msg: "stream ended early", code, detail: toCocoonError(thrown).message });
      } finally {
        const seconds = (context.clock.nowMs() - startedMs) / 1000;
        context.metrics.ended({ route: ANSWER_PATHS[kind], code, seconds });
      }
      return reply;
    });
  }
}

async function serve(
  context: Context,
  kind: AnswerKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Outcome & { readonly status: number }> {
  const caller = await callerOf(context, request);
  const body = bodyOf(request);
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) {
      gone.abort();
    }
  });
  const answer = await beginAnswer(context.client, {
    kind,
    body,
    maxCost: request.headers["cocoon-max-cost"],
    apiKeyId: caller.id,
    limitOf: (model) => requestLimit(caller.limits, model),
    usdPerTon: context.usdRate.now(),
    onAnswerId: (names) => context.answerIds.note(caller.id, names),
    signal: gone.signal,
  });
  const { completion } = answer;
  const outcome = isStream(completion) ? await answerStream(reply, answer) : await answerJson(reply, answer);
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
  return { ...outcome, status: completion.status };
}
