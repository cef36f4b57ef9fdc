import { createHash, type KeyObject } from "node:crypto";
import { isZero } from "../../protocol/bytes";
import { isP256Signed, p256Key, p256KeyInfo } from "../certificates/signature";
import { type Check, type CollateralCheck, checkCollateral } from "./checkCollateral";
import { checkTcb, type Tcb, type TcbCheck } from "./checkTcb";
import type { Collateral } from "./collateral";
import { type PckFacts, readPckExtension } from "./pckExtension";
import { PCK_CHAIN, parseQuote, type Quote } from "./quote";
import { isDebugEnclave } from "./sgxReport";
import { isAcceptedTcb, STRICT_TCB_POLICY, type TcbPolicy } from "./tcbStatus";
import { type TdCheck, tdFaults } from "./tdReport";

/** Every check of a quote by name; a verdict lists those that failed. */
export type QuoteCheck =
  | "quoteFormat"
  | "certificationData"
  | "pckExtension"
  | "qeReportSignature"
  | "attestationKey"
  | "quoteSignature"
  | "enclaveDebug"
  | "tcbStatus"
  | CollateralCheck
  | TcbCheck
  | TdCheck;

/** Intel publishes every 30 days at the latest; a machine's revocation should be known sooner. */
export const MAX_COLLATERAL_AGE_SECONDS = 7 * 86_400;

/** What the verifier knows by itself. Nothing here switches a check off. */
export interface QuoteExpectations {
  /** x ‖ y [64] of the root: `INTEL_ROOT_KEY`, or a localnet's own. */
  readonly rootKey: Uint8Array;
  readonly nowSeconds: number;
  /** Default `MAX_COLLATERAL_AGE_SECONDS`. */
  readonly maxAgeSeconds?: number;
  /** Default 0: the network's least `tcbEvaluationDataNumber` belongs here. */
  readonly minEvaluationNumber?: number;
  /** Default `STRICT_TCB_POLICY`. */
  readonly tcb?: TcbPolicy;
}

export interface QuoteVerdict {
  readonly ok: boolean;
  readonly failed: readonly QuoteCheck[];
  /** What could be read; to be believed only when `ok`. */
  readonly quote: Quote | undefined;
  readonly tcb: Tcb | undefined;
  readonly machine: PckFacts | undefined;
  /** Unix seconds from which the same quote and collateral would no longer pass. */
  readonly validUntil: number;
}

/**
 * Verifies a TDX (v4, v5) or SGX (v3) quote with all its collateral: chains, revocation, dates, Intel's quoting
 * enclave, security versions, TD attributes. All checks run, so the verdict names each that failed. Whose image it is
 * and what its report data mean stay with the caller.
 */
export function verifyQuote(
  bytes: Uint8Array,
  collateral: Collateral,
  expected: QuoteExpectations,
): QuoteVerdict {
  const failed = new Set<QuoteCheck>();
  const check: Check<QuoteCheck> = (name, holds) => {
    if (!holds) {
      failed.add(name);
    }
  };
  const quote = attempt(() => parseQuote(bytes));
  check("quoteFormat", quote !== undefined);
  if (quote === undefined) {
    return { ok: false, failed: [...failed], quote, tcb: undefined, machine: undefined, validUntil: 0 };
  }
  const isPckChain = quote.certification.type === PCK_CHAIN;
  check("certificationData", isPckChain);
  const pckPem = isPckChain ? quote.certification.data.toString("latin1") : "";
  const checked = checkCollateral(
    pckPem,
    collateral,
    {
      rootKeyInfo: p256KeyInfo(expected.rootKey),
      nowSeconds: expected.nowSeconds,
      maxAgeSeconds: expected.maxAgeSeconds ?? MAX_COLLATERAL_AGE_SECONDS,
      minEvaluationNumber: expected.minEvaluationNumber ?? 0,
    },
    check,
  );
  const { tcbInfo, qeIdentity, pck, validUntil } = checked;
  checkSignatures(quote, pck?.publicKey, check);
  checkBody(quote, check);
  const machine = pck === undefined ? undefined : attempt(() => readPckExtension(pck));
  check("pckExtension", machine !== undefined);
  const tcb =
    tcbInfo === undefined || qeIdentity === undefined
      ? undefined
      : checkTcb(quote, machine, { tcbInfo, qeIdentity }, check);
  const policy = expected.tcb ?? STRICT_TCB_POLICY;
  check("tcbStatus", tcb !== undefined && isAcceptedTcb(policy, tcb, expected.nowSeconds));
  return { ok: failed.size === 0, failed: [...failed], quote, tcb, machine, validUntil };
}

/** Machine's key signs the quoting enclave's report, which names the attestation key, which signs the quote. */
function checkSignatures(quote: Quote, pckKey: KeyObject | undefined, check: Check<QuoteCheck>): void {
  const { qe, attestationKey } = quote;
  check("qeReportSignature", pckKey !== undefined && isP256Signed(pckKey, qe.signed, qe.signature));
  const named = createHash("sha256").update(attestationKey).update(qe.authData).digest();
  const { reportData } = qe.report;
  check("attestationKey", named.equals(reportData.subarray(0, 32)) && isZero(reportData, 32));
  const key = attempt(() => p256Key(attestationKey));
  check("quoteSignature", key !== undefined && isP256Signed(key, quote.signed, quote.signature));
}

function checkBody({ body }: Quote, check: Check<QuoteCheck>): void {
  if (body.kind === "sgx") {
    check("enclaveDebug", !isDebugEnclave(body.enclave));
    return;
  }
  for (const fault of tdFaults(body.td)) {
    check(fault, false);
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
