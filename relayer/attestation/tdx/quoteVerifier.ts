import { createHash } from "node:crypto";
import { type CollateralSource, collateralRequestOf } from "../collateral/collateralSource";
import type { Evidence } from "../evidence";
import type { Collateral } from "./collateral";
import { parseQuote } from "./quote";
import { type QuoteExpectations, type QuoteVerdict, verifyQuote } from "./verifyQuote";

/** Verdicts that are kept: some for each worker of a large market. */
const MAX_KEPT = 4_096;

export interface QuoteTrust extends Omit<QuoteExpectations, "nowSeconds"> {
  readonly collateral: CollateralSource;
}

export interface QuoteVerifier {
  /** `verifyQuote` for this quote now, with its collateral at hand. Throws what the collateral's source throws. */
  prepare(quote: Uint8Array, nowSeconds: number): Promise<(quote: Uint8Array) => QuoteVerdict>;
}

/**
 * Verifies quotes with collateral of its own. A quote that passed is not verified again while the same collateral
 * lasts: who sees the same signed bytes again needs no second proof of them. Refusals are never kept.
 */
export function createQuoteVerifier(trust: QuoteTrust): QuoteVerifier {
  const passed = new Map<string, QuoteVerdict>();
  const { collateral: source, ...expectations } = trust;

  const verify = (bytes: Uint8Array, collateral: Collateral, nowSeconds: number): QuoteVerdict => {
    const key = keyOf(bytes, collateral);
    const known = key === undefined ? undefined : passed.get(key);
    if (known !== undefined && nowSeconds <= known.validUntil && nowSeconds < lenientUntil(trust, known)) {
      return known;
    }
    const verdict = verifyQuote(bytes, collateral, { ...expectations, nowSeconds });
    if (verdict.ok && key !== undefined) {
      passed.set(key, verdict);
      const [oldest] = passed.keys();
      if (passed.size > MAX_KEPT && oldest !== undefined) {
        passed.delete(oldest);
      }
    }
    return verdict;
  };
  return {
    async prepare(quote, nowSeconds) {
      const collateral = await source.get(collateralRequestOf(quote));
      return (bytes) => verify(bytes, collateral, nowSeconds);
    },
  };
}

/** `verifyQuote` for evidence that holds a quote; undefined for any other, and where no root is pinned. */
export async function prepareQuote(
  quotes: QuoteVerifier | undefined,
  evidence: Evidence,
  nowSeconds: number,
): Promise<((quote: Uint8Array) => QuoteVerdict) | undefined> {
  return evidence.kind === "tdx"
    ? await quotes?.prepare(Buffer.from(evidence.quote, "base64"), nowSeconds)
    : undefined;
}

/** An out-of-date machine that passed within the grace passes no longer when that ends. */
function lenientUntil(trust: QuoteTrust, { tcb }: QuoteVerdict): number {
  return tcb?.status.startsWith("OutOfDate") ? (trust.tcb?.outOfDateUntil ?? 0) : Number.POSITIVE_INFINITY;
}

/** The signed part only: what lies behind it can be changed by anyone without changing what is proved. */
function keyOf(bytes: Uint8Array, collateral: Collateral): string | undefined {
  try {
    const hash = createHash("sha256").update(parseQuote(bytes).signed);
    const { tcbInfo, qeIdentity, rootCrl, pckCrl } = collateral;
    const parts = [tcbInfo.signature, tcbInfo.text, qeIdentity.signature, qeIdentity.text, rootCrl, pckCrl];
    for (const part of parts) {
      hash.update(createHash("sha256").update(part).digest());
    }
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}
