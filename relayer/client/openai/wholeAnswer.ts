import { FinalError } from "../../errors";
import type { Outcome } from "../readAnswer";
import { type CocoonField, isObject, parseObject } from "./augment";
import { statusOf, toHttpError } from "./errorBody";
import type { ToldAnswer } from "./streamAnswer";

/** A worker's own refusals after which waiting helps, by status. */
const RETRY_SECONDS: Readonly<Record<number, number | undefined>> = { 429: 2, 502: 5, 503: 5, 504: 2 };

/** An answer as the client gets it. */
export interface WholeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly outcome: Outcome;
  /** Where waiting helps. */
  readonly retryAfterSeconds: number | undefined;
}

/**
 * The whole answer, which was read and checked before `complete` resolved. `tell` makes the client's body of a sound answer;
 * undefined where it cannot, and the text stays as it came.
 */
export async function wholeAnswer(
  { completion, cocoonOf }: ToldAnswer,
  tell: (text: string, cocoon: CocoonField) => string | undefined,
): Promise<WholeAnswer> {
  const pieces: Uint8Array[] = [];
  const outcome = await completion.read((payload) => {
    pieces.push(payload);
  });
  const { status } = completion;
  const text = Buffer.concat(pieces).toString("utf8");
  const body = status < 400 ? tell(text, cocoonOf(outcome)) : refusal(status, text);
  const contentType = body === undefined ? completion.contentType : "application/json; charset=utf-8";
  return { status, contentType, body: body ?? text, outcome, retryAfterSeconds: RETRY_SECONDS[status] };
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
