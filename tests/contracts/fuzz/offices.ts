import type { Address } from "@ton/core";
import { ATTESTORS, MODEL } from "../../support/world";
import { IMAGES, MACHINE_KIND, MACHINE_QE_SVN } from "./machine";
import type { Stage } from "./stage";

/** One registry's government, as it was told to it so far. */
export interface Office {
  governor: Address;
  /** To whom the governor's office was offered. */
  pending: Address | undefined;
  guardian: Address;
  /** Hash of a change, and when its time comes. */
  readonly queued: Map<bigint, number>;
}

/** What the registries were told so far, remembered outside of them. */
export interface OfficeMemory {
  readonly network: Office;
  readonly attestation: Office;
  epoch: number;
  /** Until when each is allowed. */
  readonly images: Map<bigint, number>;
  readonly models: Set<bigint>;
  /** Keys by index. */
  attestors: ReadonlyMap<number, bigint>;
  threshold: number;
  /** Kinds of machines whose quotes are taken, and with which quoting enclave at least. */
  readonly kinds: Set<bigint>;
  qeSvn: bigint;
  /** Hashes of certificates that the guardian has revoked. */
  readonly revoked: Set<bigint>;
}

/** As the world deploys them. */
export function officesOf({ governor, guardian }: Stage): OfficeMemory {
  const office = (): Office => ({ governor, pending: undefined, guardian, queued: new Map() });
  return {
    network: office(),
    attestation: office(),
    epoch: 1,
    images: new Map(IMAGES.map(({ hash, expiresAt }) => [hash, expiresAt])),
    models: new Set([MODEL]),
    attestors: new Map(ATTESTORS.map(({ id }, index) => [index, id])),
    threshold: 2,
    kinds: new Set([MACHINE_KIND]),
    qeSvn: MACHINE_QE_SVN,
    revoked: new Set(),
  };
}

export const officeAt = (
  offices: Pick<OfficeMemory, "network" | "attestation">,
  stage: Pick<Stage, "network">,
  to: Address,
): Office => (to.equals(stage.network) ? offices.network : offices.attestation);
