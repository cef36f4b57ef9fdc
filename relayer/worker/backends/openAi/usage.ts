import { z } from "zod";
import type { Usage } from "../../../protocol";

const count = z.int().min(0);
const detail = count.nullish();

const usageSchema = z.looseObject({
  prompt_tokens: count,
  completion_tokens: detail,
  prompt_tokens_details: z.looseObject({ cached_tokens: detail }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: detail }).nullish(),
});
const answerSchema = z.looseObject({ usage: usageSchema });

/** The `usage` of an answer or chunk; undefined when it has none that can be billed. */
export function readUsage(json: Uint8Array): Usage | undefined {
  let parsed: ReturnType<typeof answerSchema.safeParse>;
  try {
    parsed = answerSchema.safeParse(JSON.parse(Buffer.from(json).toString("utf8")));
  } catch {
    return undefined;
  }
  if (!parsed.success) {
    return undefined;
  }
  const { usage } = parsed.data;
  const completion = usage.completion_tokens ?? 0;
  // OpenAI counts cached and reasoning tokens within the totals, receipts beside them.
  const cached = Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens);
  const reasoning = Math.min(usage.completion_tokens_details?.reasoning_tokens ?? 0, completion);
  return {
    promptTokens: BigInt(usage.prompt_tokens - cached),
    cachedTokens: BigInt(cached),
    completionTokens: BigInt(completion - reasoning),
    reasoningTokens: BigInt(reasoning),
  };
}

/** Usage in OpenAI's form. */
export function writeUsage(usage: Usage) {
  const prompt = Number(usage.promptTokens + usage.cachedTokens);
  const completion = Number(usage.completionTokens + usage.reasoningTokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: Number(usage.cachedTokens) },
    completion_tokens_details: { reasoning_tokens: Number(usage.reasoningTokens) },
  };
}
