import type { Prices } from "../protocol";
import type { Policy } from "./policy";

/** Tokens that a chat template may add to a prompt. */
const TEMPLATE_TOKENS = 256n;
const PER_PRICE = 1_000_000n;

/** What bounds the tokens of a request. */
export interface RequestSize {
  readonly bodyBytes: number;
  /** Undefined: the client set no limit. */
  readonly maxTokens: number | undefined;
  readonly prompts?: number | undefined;
  readonly answers: number;
  readonly contextLength: number;
}

/** The most tokens that a request can have: each byte of the body one, and every answer of full length. */
export function worstTokens(request: RequestSize): { readonly read: bigint; readonly written: bigint } {
  const context = BigInt(request.contextLength);
  const asked = BigInt(Math.max(0, request.maxTokens ?? request.contextLength));
  const prompts = BigInt(request.prompts ?? 1);
  return {
    read: min(BigInt(request.bodyBytes) + TEMPLATE_TOKENS * prompts, context * prompts),
    written: min(asked, context) * BigInt(request.answers),
  };
}

/** The most that a request can cost at these prices. */
export function worstCostNano(request: RequestSize & { readonly prices: Prices }): bigint {
  const { prices } = request;
  const { read, written } = worstTokens(request);
  const writePrice = max(prices.completionPrice, prices.reasoningPrice);
  const readPrice = max(prices.promptPrice, prices.cachedPrice);
  return (read * readPrice + written * writePrice) / PER_PRICE + 1n;
}

/** What a request is allowed to cost: its worst case, within the policy's and the caller's own limit. */
export function costLimit(
  policy: Pick<Policy, "maxCostPerRequestNano">,
  request: {
    readonly body: Uint8Array;
    readonly maxTokens: number | undefined;
    readonly prompts?: number | undefined;
    readonly answers: number;
    readonly maxCostNano: bigint | undefined;
  },
  offer: { readonly contextLength: number; readonly prices: Prices },
): bigint {
  const worst = worstCostNano({ ...request, ...offer, bodyBytes: request.body.length });
  const limit = min(worst, policy.maxCostPerRequestNano);
  return request.maxCostNano === undefined ? limit : min(limit, request.maxCostNano);
}

/** The smaller of two limits, either of which may not be set. */
export function leastGiven(left: bigint | undefined, right: bigint | undefined): bigint | undefined {
  return left === undefined || right === undefined ? (left ?? right) : min(left, right);
}

function min(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
