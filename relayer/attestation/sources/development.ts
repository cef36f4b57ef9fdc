import { primitives, toHex } from "../../protocol";
import { encodeDevelopmentEvidence } from "../evidence";
import type { QuoteSource } from "./quoteSource";

/**
 * A platform that is no TEE: whoever holds the seed [32] vouches for any image. Networks that matter pin no
 * development key, so this evidence is refused there like any other unknown platform's.
 */
export function createDevelopmentSource(platform: {
  readonly seed: Uint8Array;
  /** The measurement [32] that stands for the worker's image. */
  readonly imageHash: Uint8Array;
}): QuoteSource {
  const platformPublicKey = toHex(primitives.ed25519PublicKey(platform.seed));
  return {
    tee: "development",
    async quote(reportData) {
      const statement = encodeDevelopmentEvidence(platform.imageHash, reportData);
      return {
        kind: "development",
        imageHash: toHex(platform.imageHash),
        reportData: toHex(reportData),
        platformPublicKey,
        signature: toHex(primitives.ed25519Sign(platform.seed, statement)),
      };
    },
  };
}
