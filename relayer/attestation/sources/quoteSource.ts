import type { TeeKind } from "../../protocol";
import type { Evidence } from "../evidence";

/** Where a worker gets its evidence from: one file in this folder per platform. */
export interface QuoteSource {
  /** What the bind statement names as its TEE. */
  readonly tee: TeeKind;
  /** Evidence over report data [64]. Throws `ATTESTATION_MISSING` when the platform gives none. */
  quote(reportData: Uint8Array): Promise<Evidence>;
}
