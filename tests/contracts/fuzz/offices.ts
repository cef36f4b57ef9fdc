import type { Address } from "@ton/core";
import { ATTESTORS, DAY, IMAGE, MODEL, START } from "../../support/world";
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
}

/** As the world deploys them. */
export function officesOf({ governor, guardian }: Stage): OfficeMemory {
  const office = (): Office => ({ governor, pending: undefined, guardian, queued: new Map() });
  return {
    network: office(),
    attestation: office(),
    epoch: 1,
    images: new Map([[IMAGE, START + 30 * DAY]]),
    models: new Set([MODEL]),
    attestors: new Map(ATTESTORS.map(({ id }, index) => [index, id])),
    threshold: 2,
  };
}

export const officeAt = (
  offices: Pick<OfficeMemory, "network" | "attestation">,
  stage: Pick<Stage, "network">,
  to: Address,
): Office => (to.equals(stage.network) ? offices.network : offices.attestation);
