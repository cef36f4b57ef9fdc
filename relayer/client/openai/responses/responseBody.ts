import { type CocoonField, isObject, parseObject } from "../augment";
import {
  callsOf,
  ID_PREFIXES,
  type ItemStatus,
  itemBody,
  logprobsOf,
  type OutputItem,
  textsOf,
} from "./outputItems";
import type { Echo } from "./parseResponses";

/** What names a response and everything in it. */
export interface ResponseName {
  /** The request's id: also the receipt's. */
  readonly requestId: string;
  readonly echo: Echo;
}

export function itemId(item: OutputItem["kind"], { requestId }: ResponseName, index: number): string {
  return `${ID_PREFIXES[item]}_${requestId}_${index}`;
}

/** A response that is still being made. */
export function openBody(
  { requestId, echo }: ResponseName,
  createdAt: number,
): Readonly<Record<string, unknown>> {
  return {
    id: `resp_${requestId}`,
    object: "response",
    created_at: createdAt,
    status: "in_progress",
    error: null,
    incomplete_details: null,
    ...echo,
    output: [],
    usage: null,
  };
}

/** How an answer ended, by the chat's finish reason. */
export function endOf(finishReason: unknown): {
  readonly status: Exclude<ItemStatus, "in_progress">;
  readonly incomplete_details: { readonly reason: string } | null;
} {
  if (finishReason === "length") {
    return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
  }
  return finishReason === "content_filter"
    ? { status: "incomplete", incomplete_details: { reason: "content_filter" } }
    : { status: "completed", incomplete_details: null };
}

/** A chat's usage under the names of the responses API. */
export function usageBody(usage: unknown, { cost_nano }: Pick<CocoonField, "cost_nano">): object | null {
  if (!isObject(usage)) {
    return null;
  }
  const { prompt_tokens = 0, completion_tokens = 0, total_tokens = 0 } = usage;
  const read = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const written = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: { cached_tokens: read.cached_tokens ?? 0 },
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: written.reasoning_tokens ?? 0 },
    total_tokens,
    ...(cost_nano === undefined ? {} : { cost_nano }),
  };
}

/** A whole chat completion as a response; undefined when it is none. */
export function responseBody(name: ResponseName, text: string, cocoon: CocoonField): string | undefined {
  const chat = parseObject(text);
  const choice: unknown = Array.isArray(chat?.choices) ? chat.choices[0] : undefined;
  if (chat === undefined || !isObject(choice) || !isObject(choice.message)) {
    return undefined;
  }
  const { message } = choice;
  const end = endOf(choice.finish_reason);
  const logprobs = logprobsOf(choice);
  const items: OutputItem[] = [
    ...textsOf(message).map((said, index) => ({ ...said, id: itemId(said.kind, name, index), logprobs })),
  ];
  for (const { id, name: called = "", args } of callsOf(message)) {
    const own = itemId("call", name, items.length);
    items.push({ kind: "call", id: own, callId: id ?? own, name: called, args });
  }
  const created = typeof chat.created === "number" ? chat.created : 0;
  return JSON.stringify({
    ...openBody(name, created),
    ...end,
    output: items.map((item) => itemBody(item, end.status)),
    usage: usageBody(chat.usage, cocoon),
    cocoon,
  });
}
