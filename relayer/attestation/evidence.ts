import { z } from "zod";
import { createWriter, primitives, SIGNATURE_BYTES, tagBytes } from "../protocol";

const DEV_TAG = tagBytes("cocoon/dev-evidence/v1");
const REPORT_DATA_BYTES = 64;

function hexOf(length: number): z.ZodString {
  return z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * length}}$`), `must be ${length} bytes as lower-case hex`);
}

const developmentEvidence = z.strictObject({
  kind: z.literal("development"),
  imageHash: hexOf(32),
  reportData: hexOf(REPORT_DATA_BYTES),
  platformPublicKey: hexOf(32),
  signature: hexOf(SIGNATURE_BYTES),
});

/** Quotes of real machines have some 5 KB, padded ones 8 KB. */
const MAX_QUOTE_TEXT = 24 * 1024;

const tdxEvidence = z.strictObject({
  kind: z.literal("tdx"),
  /** Base64. What Intel has signed about the machine is the verifier's to get, never the prover's to give. */
  quote: z.base64().max(MAX_QUOTE_TEXT),
});

/** What a worker shows to prove where it runs: one kind for each platform. */
export const evidenceSchema = z.discriminatedUnion("kind", [developmentEvidence, tdxEvidence]);

/** Checked in form only: `verifyEvidence` decides whether to believe it. */
export type Evidence = z.infer<typeof evidenceSchema>;
export type DevelopmentEvidence = z.infer<typeof developmentEvidence>;
export type TdxEvidence = z.infer<typeof tdxEvidence>;

/** What a development platform signs: `"cocoon/dev-evidence/v1\0" ‖ imageHash[32] ‖ reportData[64]`. */
export function encodeDevelopmentEvidence(imageHash: Uint8Array, reportData: Uint8Array): Uint8Array {
  return createWriter(DEV_TAG.length + 32 + REPORT_DATA_BYTES)
    .bytes(DEV_TAG, DEV_TAG.length)
    .bytes(imageHash, 32)
    .bytes(reportData, REPORT_DATA_BYTES)
    .finish();
}

/** True when the development platform's key [32] signed this image and report data. */
export function isSignedByPlatform(claim: {
  readonly platformPublicKey: Uint8Array;
  readonly imageHash: Uint8Array;
  readonly reportData: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  const statement = encodeDevelopmentEvidence(claim.imageHash, claim.reportData);
  return primitives.ed25519Verify(claim.platformPublicKey, statement, claim.signature);
}
