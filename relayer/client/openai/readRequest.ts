import type { CompletionRequest } from "../complete";
import { leastGiven } from "../costs";
import { parseMaxCost, parseRequest, REQUEST_PATHS } from "./parseRequest";
import { type Echo, parseResponses } from "./responses/parseResponses";

/** Where each kind of request is sent. */
export const ANSWER_PATHS = { ...REQUEST_PATHS, responses: "/v1/responses" } as const;

/** Requests as clients send them: what a worker answers, and what is translated for it. */
export type AnswerKind = keyof typeof ANSWER_PATHS;

/** What a client sent. */
export interface AskedWords {
  readonly kind: AnswerKind;
  /** The JSON body; sealed byte for byte, unless it must be translated. */
  readonly body: Uint8Array;
  /** Header `cocoon-max-cost`. */
  readonly maxCost: string | string[] | undefined;
  /** The most that the caller may spend on one request of this model. */
  readonly limitOf?: (model: string) => bigint | undefined;
}

export interface AskedRequest {
  readonly asked: Omit<CompletionRequest, "apiKeyId" | "signal">;
  readonly includeUsage: boolean;
  /** How many answers are told. */
  readonly choices: number;
  /** Set for a request of the responses API. */
  readonly echo: Echo | undefined;
}

/** Reads what must be known of a request. Throws `BAD_REQUEST` or `UNSUPPORTED_PARAMETER`. */
export function readRequest({ kind, body, maxCost, limitOf }: AskedWords): AskedRequest {
  const translated = kind === "responses" ? parseResponses(body) : undefined;
  const sent = translated?.chatBody ?? body;
  const { includeUsage, choices, ...fields } = parseRequest(kind === "responses" ? "chat" : kind, sent);
  const { model, maxTokens, prompts, answers, conversation, stream: isStream } = fields;
  const maxCostNano = leastGiven(parseMaxCost(maxCost), limitOf?.(model));
  return {
    asked: { body: sent, model, maxTokens, prompts, answers, isStream, conversation, maxCostNano },
    includeUsage,
    choices,
    echo: translated?.echo,
  };
}
