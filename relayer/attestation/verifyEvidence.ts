import {
  type BindStatement,
  decodeBind,
  equalBytes,
  fromHex,
  hashBind,
  type RawAddress,
  toHex,
} from "../protocol";
import { type DevelopmentEvidence, type Evidence, isSignedByPlatform, type TdxEvidence } from "./evidence";
import { imageHash as hashImage } from "./tdx/imageHash";
import type { QuoteCheck, QuoteVerdict } from "./tdx/verifyQuote";

/** Every check by name; a verdict lists those that failed, a quote's own among them. */
export const EVIDENCE_CHECKS = [
  "bindFormat",
  "network",
  "registry",
  "provider",
  "model",
  "notYetValid",
  "expired",
  "teeKind",
  "gpuEvidence",
  "reportData",
  "freshness",
  "imageNotAllowed",
  "imageExpired",
  "platformNotPinned",
  "platformSignature",
  "quoteRootNotPinned",
] as const;

export type EvidenceCheck = (typeof EVIDENCE_CHECKS)[number] | QuoteCheck;

/** An image that may serve until `expiresAt` (unix seconds). */
export interface AllowedImage {
  readonly hash: Uint8Array;
  readonly expiresAt: number;
}

/** What the verifier knows by itself. Nothing here switches a check off: an empty list allows nothing. */
export interface EvidenceExpectations {
  readonly networkId: number;
  readonly registry: RawAddress;
  /** The ProviderStake that must stand in the statement, where the verifier asked for a certain one. */
  readonly provider?: RawAddress;
  /** The models [32] that may be served. */
  readonly models: readonly Uint8Array[];
  readonly images: readonly AllowedImage[];
  /** Keys [32] of development platforms; without one, development evidence is refused. */
  readonly developmentPlatforms: readonly Uint8Array[];
  /** `verifyQuote` with a pinned root and collateral of the verifier's own; without one, TDX evidence is refused. */
  readonly verifyQuote?: (quote: Uint8Array) => QuoteVerdict;
  /** The second half [32] of the report data, where the verifier chose it. */
  readonly fresh?: Uint8Array;
  readonly nowSeconds: number;
}

export type EvidenceVerdict =
  | {
      readonly ok: true;
      readonly bind: BindStatement;
      readonly bindHash: Uint8Array;
      readonly imageHash: Uint8Array;
      /** Unix seconds: when the statement, the image or the quote's collateral ends, whichever is first. */
      readonly expiresAt: number;
      /** Lower-case hex of the machine's own name (PPID), where its vendor gives it one. */
      readonly machine: string | undefined;
    }
  | { readonly ok: false; readonly failed: readonly EvidenceCheck[] };

/** Checks a worker's evidence for its bind statement's bytes. All checks run, so the verdict names each that failed. */
export function verifyEvidence(
  claim: { readonly bind: Uint8Array; readonly evidence: Evidence },
  expected: EvidenceExpectations,
): EvidenceVerdict {
  const failed: EvidenceCheck[] = [];
  const check = (name: EvidenceCheck, holds: boolean): void => {
    if (!holds) {
      failed.push(name);
    }
  };
  const bind = parseBind(claim.bind);
  check("bindFormat", bind !== undefined);
  const bindHash = hashBind(claim.bind);
  if (bind !== undefined) {
    checkBind(bind, expected, check);
  }
  check("teeKind", bind === undefined || bind.tee === claim.evidence.kind);
  // No kind of evidence carries a GPU's report yet, so a statement that claims one is not shown to be true.
  check("gpuEvidence", bind === undefined || bind.gpuDigest === undefined);
  const shown = checkPlatform(claim.evidence, expected, check);
  if (shown === undefined) {
    return { ok: false, failed };
  }
  const { imageHash, reportData } = shown;
  check("reportData", equalBytes(reportData.subarray(0, 32), bindHash));
  check("freshness", expected.fresh === undefined || equalBytes(reportData.subarray(32), expected.fresh));
  const image = expected.images.find((allowed) => equalBytes(allowed.hash, imageHash));
  check("imageNotAllowed", image !== undefined);
  check("imageExpired", image === undefined || expected.nowSeconds < image.expiresAt);
  if (failed.length > 0 || bind === undefined || image === undefined) {
    return { ok: false, failed };
  }
  const expiresAt = Math.min(bind.notAfter, image.expiresAt, shown.validUntil);
  return { ok: true, bind, bindHash, imageHash, expiresAt, machine: shown.machine };
}

type Check = (name: EvidenceCheck, holds: boolean) => void;

function checkBind(bind: BindStatement, expected: EvidenceExpectations, check: Check): void {
  check("network", bind.networkId === expected.networkId);
  check("registry", bind.registry === expected.registry);
  check("provider", expected.provider === undefined || bind.provider === expected.provider);
  check(
    "model",
    expected.models.some((model) => equalBytes(model, bind.modelHash)),
  );
  // `decodeBind` has already refused a life above 24 hours.
  check("notYetValid", bind.notBefore <= expected.nowSeconds);
  check("expired", expected.nowSeconds < bind.notAfter);
}

/** What a platform says of its worker, whether or not its checks hold. */
interface Shown {
  readonly imageHash: Uint8Array;
  readonly reportData: Uint8Array;
  readonly validUntil: number;
  readonly machine: string | undefined;
}

function checkPlatform(evidence: Evidence, expected: EvidenceExpectations, check: Check): Shown | undefined {
  const { kind } = evidence;
  switch (kind) {
    case "development":
      return checkDevelopment(evidence, expected, check);
    case "tdx":
      return checkTdx(evidence, expected, check);
    default: {
      const impossible: never = kind;
      throw new TypeError(`unknown kind of evidence ${String(impossible)}`);
    }
  }
}

function checkDevelopment(
  evidence: DevelopmentEvidence,
  expected: EvidenceExpectations,
  check: Check,
): Shown {
  const imageHash = fromHex(evidence.imageHash, 32);
  const reportData = fromHex(evidence.reportData, 64);
  check(
    "platformNotPinned",
    expected.developmentPlatforms.some((key) => toHex(key) === evidence.platformPublicKey),
  );
  check(
    "platformSignature",
    isSignedByPlatform({
      platformPublicKey: fromHex(evidence.platformPublicKey, 32),
      imageHash,
      reportData,
      signature: fromHex(evidence.signature, 64),
    }),
  );
  return { imageHash, reportData, validUntil: Number.POSITIVE_INFINITY, machine: undefined };
}

function checkTdx(evidence: TdxEvidence, expected: EvidenceExpectations, check: Check): Shown | undefined {
  check("quoteRootNotPinned", expected.verifyQuote !== undefined);
  const verdict = expected.verifyQuote?.(Buffer.from(evidence.quote, "base64"));
  for (const name of verdict?.failed ?? []) {
    check(name, false);
  }
  const body = verdict?.quote?.body;
  if (verdict === undefined || body === undefined) {
    return undefined;
  }
  // An SGX enclave's quote is sound and yet no TD's: it has no image of ours.
  check("quoteFormat", body.kind === "tdx");
  return body.kind === "sgx"
    ? undefined
    : {
        imageHash: hashImage(body.td),
        reportData: body.td.reportData,
        validUntil: verdict.validUntil,
        machine: verdict.machine?.ppid,
      };
}

function parseBind(bytes: Uint8Array): BindStatement | undefined {
  try {
    return decodeBind(bytes);
  } catch {
    return undefined;
  }
}
