import type { Prices } from "../protocol";

/** Tokens that a chat template may add to a prompt. */
const TEMPLATE_TOKENS = 256n;
const PER_PRICE = 1_000_000n;

/** The most that a request can cost at these prices: each byte of the body a token, and every answer of full length. */
export function worstCostNano(request: {
  readonly bodyBytes: number;
  /** Undefined: the client set no limit. */
  readonly maxTokens: number | undefined;
  readonly answers: number;
  readonly contextLength: number;
  readonly prices: Prices;
}): bigint {
  const { prices } = request;
  const context = BigInt(request.contextLength);
  const written = min(BigInt(Math.max(0, request.maxTokens ?? request.contextLength)), context);
  const read = min(BigInt(request.bodyBytes) + TEMPLATE_TOKENS, context);
  const writePrice = max(prices.completionPrice, prices.reasoningPrice);
  const readPrice = max(prices.promptPrice, prices.cachedPrice);
  return (read * readPrice + written * BigInt(request.answers) * writePrice) / PER_PRICE + 1n;
}

export function min(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
