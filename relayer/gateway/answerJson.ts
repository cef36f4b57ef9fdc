import type { FastifyReply } from "fastify";
import type { Completion, Outcome } from "../client";
import { answerHeaders, wholeAnswer } from "../client/openai";

/** Reads the whole answer, and sends it only after its receipt was checked. */
export async function answerJson(reply: FastifyReply, completion: Completion): Promise<Outcome> {
  const { status, contentType, body, outcome, retryAfterSeconds } = await wholeAnswer(completion);
  if (retryAfterSeconds !== undefined) {
    reply.header("retry-after", String(retryAfterSeconds));
  }
  await reply.code(status).headers(answerHeaders(completion)).type(contentType).send(body);
  return outcome;
}
