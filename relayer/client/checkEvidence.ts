import { evidenceSchema, prepareQuote, type QuoteVerifier, verifyEvidence } from "../attestation";
import { FinalError } from "../errors";
import type { Clock } from "../observe/clock";
import { fromBase64, fromHex, type RawAddress } from "../protocol";
import type { VerifyEvidence } from "./deps";

/**
 * Verifies each worker's evidence again, beside what the attestors have said on chain, so that a prompt is sealed only
 * to a platform that the developer pinned. The image and model are those that the chain attested.
 */
export function createEvidenceCheck(pinned: {
  readonly networkId: number;
  /** AttestationRegistry. */
  readonly registry: RawAddress;
  /** Keys [32] of development platforms; evidence of any other kind or key is refused. */
  readonly developmentPlatforms: readonly Uint8Array[];
  /** The pinned root of TDX machines and the developer's rules for them; absent: TDX evidence is refused. */
  readonly quotes?: QuoteVerifier;
  /** Machines (PPID, lower-case hex) whose place is known. Absent: a machine may stand anywhere. */
  readonly knownSites?: readonly string[];
  readonly clock: Clock;
}): VerifyEvidence {
  return async ({ worker, evidence }) => {
    const parsed = evidenceSchema.safeParse(evidence);
    if (!parsed.success) {
      throw new FinalError("ATTESTATION_MISSING", "The worker serves no evidence that can be read.");
    }
    const nowSeconds = Math.floor(pinned.clock.nowMs() / 1000);
    const verifyQuote = await prepareQuote(pinned.quotes, parsed.data, nowSeconds);
    const verdict = verifyEvidence(
      { bind: fromBase64(worker.bind), evidence: parsed.data },
      {
        networkId: pinned.networkId,
        registry: pinned.registry,
        provider: worker.provider,
        models: [fromHex(worker.modelHash, 32)],
        images: [{ hash: fromHex(worker.imageHash, 32), expiresAt: worker.expiresAt }],
        developmentPlatforms: pinned.developmentPlatforms,
        verifyQuote,
        nowSeconds,
      },
    );
    if (!verdict.ok) {
      throw new FinalError(
        "ATTESTATION_REFUSED",
        `The worker's evidence fails these checks: ${verdict.failed.join(", ")}.`,
        {
          failed: verdict.failed.join(", "),
        },
      );
    }
    if (pinned.knownSites !== undefined && !pinned.knownSites.includes(verdict.machine ?? "")) {
      throw new FinalError(
        "ATTESTATION_REFUSED",
        "The worker's machine stands at no site that the policy knows.",
        {
          machine: verdict.machine,
        },
      );
    }
  };
}
