import type { Client, Completion } from "../createClient";
import { type ParsedRequest, parseMaxCost, parseRequest, type RequestKind } from "./parseRequest";

/** A request as it came, by whatever way. */
export interface OpenAiRequest {
  readonly kind: RequestKind;
  /** The JSON body, sealed byte for byte. */
  readonly body: Uint8Array;
  /** Header `cocoon-max-cost`. */
  readonly maxCost: string | string[] | undefined;
  readonly apiKeyId: string | undefined;
  readonly signal: AbortSignal;
}

/** Reads what must be known of a request, and sends it to a worker. Throws `BAD_REQUEST`, and what `complete` throws. */
export async function beginAnswer(
  client: Pick<Client, "complete">,
  request: OpenAiRequest,
): Promise<{ readonly parsed: ParsedRequest; readonly completion: Completion }> {
  const { kind, body, apiKeyId, signal } = request;
  const parsed = parseRequest(kind, body);
  const completion = await client.complete({
    body,
    model: parsed.model,
    maxTokens: parsed.maxTokens,
    prompts: parsed.prompts,
    answers: parsed.answers,
    apiKeyId,
    maxCostNano: parseMaxCost(request.maxCost),
    signal,
  });
  return { parsed, completion };
}
