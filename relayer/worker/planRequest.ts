import { FinalError } from "../errors";
import { type Prices, TOKENS_PER_PRICE, type Usage } from "../protocol";
import type { PlannedRequest, PromptCount } from "./backends/backend";
import type { InferenceRequest } from "./inferenceRequest";

/** What a model takes and gives at most. */
export interface ModelLimits {
  readonly contextLength: number;
  readonly maxOutputTokens: number;
}

/**
 * Fixes how many tokens each choice may have, so that neither the context nor the cost limit is passed even when all
 * are produced. Throws `CONTEXT_TOO_LONG`, or `COST_LIMIT_EXCEEDED` when the prompt leaves nothing for an answer.
 */
export function planRequest(plan: {
  readonly request: InferenceRequest;
  readonly promptTokens: PromptCount;
  readonly limits: ModelLimits;
  readonly prices: Prices;
  readonly maxCost: bigint;
}): PlannedRequest {
  const { request, promptTokens, limits } = plan;
  if (request.endpoint === "embeddings") {
    // Nothing is written, and each of many inputs has a context of its own: the backend knows whether they fit.
    return { ...request, maxTokens: 0, promptTokens };
  }
  const room = limits.contextLength - promptTokens.tokens;
  if (room < 1 && promptTokens.isExact) {
    throw new FinalError("CONTEXT_TOO_LONG", promptTooLong(promptTokens.tokens, limits.contextLength), {
      promptTokens: promptTokens.tokens,
      contextLength: limits.contextLength,
    });
  }
  const wanted = Math.min(
    request.askedTokens ?? limits.maxOutputTokens,
    limits.maxOutputTokens,
    promptTokens.isExact ? room : limits.contextLength,
  );
  const affordable = affordableTokens(plan.prices, plan.maxCost, promptTokens.tokens);
  const maxTokens = affordable === undefined ? wanted : least(wanted, affordable / BigInt(request.choices));
  if (maxTokens < 1) {
    throw new FinalError("COST_LIMIT_EXCEEDED", PROMPT_TOO_DEAR, {
      promptTokens: promptTokens.tokens,
      maxCost: plan.maxCost,
    });
  }
  return { ...request, maxTokens, promptTokens };
}

const PROMPT_TOO_DEAR =
  "The prompt alone reaches the cost limit of the request: send less, or raise the limit (cocoon-max-cost, the key's or the policy's).";

function promptTooLong(tokens: number, contextLength: number): string {
  return `The prompt has ${tokens} tokens, and the model's context ${contextLength}, with the answer: send less.`;
}

/** Completion tokens that the limit pays for after the prompt; undefined when they are free. */
function affordableTokens(prices: Prices, maxCost: bigint, promptTokens: number): bigint | undefined {
  const promptPrice = larger(prices.promptPrice, prices.cachedPrice);
  const completionPrice = larger(prices.completionPrice, prices.reasoningPrice);
  const left = maxCost * TOKENS_PER_PRICE - BigInt(promptTokens) * promptPrice;
  if (left < 0n) {
    return 0n;
  }
  return completionPrice === 0n ? undefined : left / completionPrice;
}

/**
 * The part of a request's usage that its cost limit pays for. A backend that reports more than it was allowed is not
 * paid for the rest. The lane's total then grows by at most `maxCost`, since floor((a + m·10⁶) / 10⁶) = floor(a / 10⁶) + m.
 */
export function payableUsage(usage: Usage, prices: Prices, maxCost: bigint): Usage {
  let left = maxCost * TOKENS_PER_PRICE;
  const pay = (count: bigint, price: bigint): bigint => {
    const paid = price === 0n || count * price <= left ? count : left / price;
    left -= paid * price;
    return paid;
  };
  return {
    promptTokens: pay(usage.promptTokens, prices.promptPrice),
    cachedTokens: pay(usage.cachedTokens, prices.cachedPrice),
    completionTokens: pay(usage.completionTokens, prices.completionPrice),
    reasoningTokens: pay(usage.reasoningTokens, prices.reasoningPrice),
  };
}

/** Bigints have no `Math.max`. */
export function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

function least(left: number, right: bigint): number {
  return BigInt(left) < right ? left : Number(right);
}
