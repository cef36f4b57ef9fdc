import { type Address, beginCell } from "@ton/core";
import { storePlatformIdentity, type TeePlatform } from "../build/TeePlatform/TeePlatform_TeePlatform";
import { newTeePlatform } from "./codes";

export {
  loadPlatformFacts,
  type PlatformState,
  TeePlatform,
} from "../build/TeePlatform/TeePlatform_TeePlatform";

export interface TeePlatformConfig {
  /** The AttestationRegistry. */
  readonly registry: Address;
  /** SHA-256 of the key, x ‖ y, that signed the machine's certificate. */
  readonly authority: bigint;
  /** SHA-256 of the certificate's signed part. */
  readonly leafHash: bigint;
}

/** The account of one machine at one registry. */
export function teePlatform(config: TeePlatformConfig): Promise<TeePlatform> {
  return newTeePlatform(
    beginCell()
      .store(storePlatformIdentity({ $$type: "PlatformIdentity", ...config }))
      .endCell(),
  );
}
