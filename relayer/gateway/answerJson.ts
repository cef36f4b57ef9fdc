import type { FastifyReply } from "fastify";
import type { Outcome } from "../client";
import { answerHeaders, type PendingAnswer } from "../client/openai";

/** Reads the whole answer, and sends it only after its receipt was checked. */
export async function answerJson(reply: FastifyReply, answer: PendingAnswer): Promise<Outcome> {
  const { status, contentType, body, outcome, retryAfterSeconds } = await answer.whole();
  if (retryAfterSeconds !== undefined) {
    reply.header("retry-after", String(retryAfterSeconds));
  }
  await reply.code(status).headers(answerHeaders(answer.completion)).type(contentType).send(body);
  return outcome;
}
