import type { FastifyReply } from "fastify";
import type { Completion, Outcome } from "../client";
import { FinalError, RetryableError } from "../errors";
import { augment, cocoonField, isObject, parseObject } from "./augment";
import { statusOf, toHttpError } from "./errorBody";

/** A whole answer, or a worker's error, is held in memory: no more than this. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Reads the whole answer, and sends it only after its receipt was checked. */
export async function answerJson(
  reply: FastifyReply,
  completion: Completion,
  headers: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const outcome = await completion.read((payload) => {
    size += payload.length;
    if (size > MAX_ANSWER_BYTES) {
      throw new RetryableError("BACKEND_UNAVAILABLE", "The answer is larger than the gateway can hold.");
    }
    pieces.push(payload);
  });
  const text = Buffer.concat(pieces).toString("utf8");
  const cocoon = cocoonField(completion, outcome);
  const body = completion.status < 400 ? augment(text, cocoon) : refusal(completion.status, text);
  await reply
    .code(completion.status)
    .headers(headers)
    .type(body === undefined ? completion.contentType : "application/json; charset=utf-8")
    .send(body ?? text);
  return outcome;
}

/** The backend's own error where it has OpenAI's shape, else one of ours. */
function refusal(status: number, text: string): string {
  const parsed = parseObject(text);
  if (isObject(parsed?.error) && typeof parsed.error.message === "string") {
    return JSON.stringify(parsed);
  }
  const code = status === 429 ? "OVERLOADED" : status < 500 ? "BACKEND_REFUSED" : "BACKEND_UNAVAILABLE";
  const { body } = toHttpError(
    new FinalError(code, "The model's server refused the request.", { status: statusOf(code) }),
  );
  return JSON.stringify(body);
}
