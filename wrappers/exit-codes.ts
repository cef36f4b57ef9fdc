import * as attestation from "../build/AttestationRegistry/AttestationRegistry_AttestationRegistry";
import * as job from "../build/JobEscrow/JobEscrow_JobEscrow";
import * as network from "../build/NetworkRegistry/NetworkRegistry_NetworkRegistry";
import * as provider from "../build/ProviderStake/ProviderStake_ProviderStake";
import * as platform from "../build/TeePlatform/TeePlatform_TeePlatform";

/** Names of the contracts' exit codes, from the generated `Err…` constants. */
export const EXIT_CODES: ReadonlyMap<number, string> = new Map(
  [attestation, job, network, platform, provider].flatMap((generated) =>
    Object.entries(generated).flatMap(([name, value]): [number, string][] =>
      name.startsWith("Err") && typeof value === "bigint" ? [[Number(value), name]] : [],
    ),
  ),
);

/**
 * `ErrJobNotOpen` for 501; the number itself for codes that are not ours.
 *
 * @example
 * import { exitCodeName } from "cocoon/contracts";
 *
 * console.log(exitCodeName(501)); // ErrJobNotOpen
 * console.log(exitCodeName(37)); // 37
 */
export function exitCodeName(code: number): string {
  return EXIT_CODES.get(code) ?? String(code);
}
