import type { Client, Completion } from "../createClient";
import type { Outcome } from "../readAnswer";
import { augment, cocoonField, type OnId } from "./augment";
import { type AskedRequest, type AskedWords, readRequest } from "./readRequest";
import { responseBody } from "./responses/responseBody";
import { streamResponse } from "./responses/streamResponse";
import { type StreamSink, streamAnswer, type ToldAnswer } from "./streamAnswer";
import { type WholeAnswer, wholeAnswer } from "./wholeAnswer";

/** A request as it came, by whatever way. */
export interface OpenAiRequest extends AskedWords {
  readonly apiKeyId: string | undefined;
  /** US dollars for one TON; what an answer cost is told in both where it is known. */
  readonly usdPerTon?: number | undefined;
  /** Told what the model's server calls its answer, where the caller is shown that: the id of a chat or completion. */
  readonly onAnswerId?: (names: { readonly answerId: string; readonly requestId: string }) => void;
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
  const { apiKeyId, signal, usdPerTon } = request;
  const read = readRequest(request);
  const completion = await client.complete({ ...read.asked, apiKeyId, signal });
  const cocoonOf = (outcome: Outcome) => cocoonField(completion, outcome, usdPerTon);
  const { requestId } = completion;
  const onId: OnId = (id) => {
    if (typeof id === "string") {
      request.onAnswerId?.({ answerId: id, requestId });
    }
  };
  return tellerOf({ completion, cocoonOf }, read, onId);
}

function tellerOf(
  answer: ToldAnswer,
  { echo, includeUsage, choices }: AskedRequest,
  onId: OnId,
): PendingAnswer {
  const { completion } = answer;
  if (echo === undefined) {
    return {
      completion,
      stream: (sink) => streamAnswer(answer, { includeUsage, choices, onId }, sink),
      whole: () => wholeAnswer(answer, (text, cocoon) => augment(text, cocoon, onId)),
    };
  }
  const name = { requestId: completion.requestId, echo };
  return {
    completion,
    stream: (sink) => streamResponse(answer, echo, sink),
    whole: () => wholeAnswer(answer, (text, cocoon) => responseBody(name, text, cocoon)),
  };
}
