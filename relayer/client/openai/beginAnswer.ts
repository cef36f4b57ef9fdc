import type { Client, Completion } from "../createClient";
import type { Outcome } from "../readAnswer";
import { augment } from "./augment";
import { parseMaxCost, parseRequest, REQUEST_PATHS, type RequestKind } from "./parseRequest";
import { type Echo, parseResponses } from "./responses/parseResponses";
import { responseBody } from "./responses/responseBody";
import { streamResponse } from "./responses/streamResponse";
import { type StreamSink, streamAnswer } from "./streamAnswer";
import { type WholeAnswer, wholeAnswer } from "./wholeAnswer";

/** Where each kind of request is sent. */
export const ANSWER_PATHS = { ...REQUEST_PATHS, responses: "/v1/responses" } as const;

/** Requests as clients send them: what a worker answers, and what is translated for it. */
export type AnswerKind = keyof typeof ANSWER_PATHS;

/** A request as it came, by whatever way. */
export interface OpenAiRequest {
  readonly kind: AnswerKind;
  /** The JSON body; sealed byte for byte, unless it must be translated. */
  readonly body: Uint8Array;
  /** Header `cocoon-max-cost`. */
  readonly maxCost: string | string[] | undefined;
  readonly apiKeyId: string | undefined;
  readonly signal: AbortSignal;
}

/** An answer that has begun, to be told in the way of its API: either of the two, once. */
export interface PendingAnswer {
  readonly completion: Completion;
  stream(sink: StreamSink): Promise<Outcome>;
  whole(): Promise<WholeAnswer>;
}

/** Reads what must be known of a request, and sends it to a worker. Throws `BAD_REQUEST`, and what `complete` throws. */
export async function beginAnswer(
  client: Pick<Client, "complete">,
  request: OpenAiRequest,
): Promise<PendingAnswer> {
  const { kind } = request;
  if (kind !== "responses") {
    const { completion, includeUsage } = await begin(client, kind, request);
    return {
      completion,
      stream: (sink) => streamAnswer(completion, { includeUsage }, sink),
      whole: () => wholeAnswer(completion, augment),
    };
  }
  const { chatBody, echo } = parseResponses(request.body);
  const { completion } = await begin(client, "chat", { ...request, body: chatBody });
  return responseOf(completion, echo);
}

function responseOf(completion: Completion, echo: Echo): PendingAnswer {
  const name = { requestId: completion.requestId, echo };
  return {
    completion,
    stream: (sink) => streamResponse(completion, echo, sink),
    whole: () => wholeAnswer(completion, (text, cocoon) => responseBody(name, text, cocoon)),
  };
}

async function begin(
  client: Pick<Client, "complete">,
  kind: RequestKind,
  request: OpenAiRequest,
): Promise<{ readonly completion: Completion; readonly includeUsage: boolean }> {
  const { body, apiKeyId, signal } = request;
  const { includeUsage, model, maxTokens, prompts, answers } = parseRequest(kind, body);
  const maxCostNano = parseMaxCost(request.maxCost);
  const completion = await client.complete({
    body,
    model,
    maxTokens,
    prompts,
    answers,
    apiKeyId,
    maxCostNano,
    signal,
  });
  return { completion, includeUsage };
}
