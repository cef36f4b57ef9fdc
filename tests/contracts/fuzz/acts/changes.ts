import { Address, type Builder, beginCell, type Cell, Dictionary } from "@ton/core";
import {
  storeAllowImage,
  storeAllowModel,
  storeChangeGovernor,
  storeChangeGuardian,
  storeChangeParams,
  storeNetworkParams,
  storeSetAttestors,
  storeSetQeSvn,
  storeSetTcbMinimum,
  storeUnpause,
} from "../../../../wrappers/messages";
import { body } from "../../../support/actors";
import { testKey } from "../../../support/keys";
import { ATTESTORS, DAY, IMAGE, MODEL, networkParams, START } from "../../../support/world";
import { MACHINE_KIND } from "../machine";
import type { Stage } from "../stage";

/** An attestor of nobody's choice but the governor's. */
export const PUPPET = testKey("a governor's own attestor");

const WEEK = BigInt(7 * DAY);
const YEAR = BigInt(365 * DAY);

/** Something that a governor may want, and whose registry it is for. */
export interface Change {
  readonly to: Address;
  readonly content: Cell;
}

const known = new WeakMap<Address, readonly Change[]>();

/** Within its powers or, the last eleven, beyond them. Openings name some by their place. */
export function changesOf(stage: Stage): readonly Change[] {
  const changes = known.get(stage.network) ?? makeChanges(stage);
  known.set(stage.network, changes);
  return changes;
}

function makeChanges(stage: Stage): readonly Change[] {
  const forNetwork = (write: (builder: Builder) => unknown): Change => ({
    to: stage.network,
    content: body(write),
  });
  const forAttestation = (write: (builder: Builder) => unknown): Change => ({
    to: stage.attestation,
    content: body(write),
  });
  const params = (overrides: Partial<ReturnType<typeof networkParams>>): Change => {
    const usual = networkParams({
      treasury: stage.treasury,
      arbiter: stage.arbiter,
      attestationRegistry: stage.attestation,
    });
    const cell = beginCell().store(storeNetworkParams({ ...usual, ...overrides }));
    return forNetwork(storeChangeParams({ $$type: "ChangeParams", params: cell.endCell() }));
  };
  const attestors = (keys: readonly bigint[], threshold: bigint): Change =>
    forAttestation(
      storeSetAttestors({
        $$type: "SetAttestors",
        threshold,
        attestors: attestorsOf(keys),
      }),
    );
  const usual = ATTESTORS.map(({ id }) => id);
  const office = (to: Address) => [
    storeChangeGovernor({ $$type: "ChangeGovernor", to }),
    storeChangeGuardian({ $$type: "ChangeGuardian", to }),
  ];
  return [
    forNetwork(storeUnpause({ $$type: "Unpause" })),
    params({ feeBps: 1_000n, bondBps: 10_000n }),
    params({ challengeSeconds: WEEK, closeSeconds: 60n, unbondingSeconds: 2n * WEEK }),
    params({ minStake: 1_000_000_000_000n }),
    params({ feeBps: 0n, bondBps: 0n, minStake: 0n }),
    params({ challengeSeconds: 0n, closeSeconds: 0n, settleGraceSeconds: 0n, unbondingSeconds: 0n }),
    params({ challengeSeconds: WEEK, closeSeconds: WEEK, settleGraceSeconds: WEEK, unbondingSeconds: YEAR }),
    params({ treasury: stage.stranger }),
    params({ treasury: stage.market }),
    params({ treasury: stage.providers[1]?.address ?? stage.market, feeBps: 1_000n }),
    params({ arbiter: stage.governor }),
    params({ arbiter: stage.stranger }),
    params({ arbiter: new Address(-1, stage.stranger.hash) }),
    params({ attestationRegistry: stage.stranger }),
    params({ attestationRegistry: stage.market }),
    ...office(stage.stranger).map(forNetwork),
    ...office(stage.stranger).map(forAttestation),
    ...office(stage.network).map(forNetwork),
    forAttestation(storeAllowModel({ $$type: "AllowModel", modelHash: MODEL })),
    forAttestation(
      storeAllowImage({
        $$type: "AllowImage",
        imageHash: IMAGE,
        expiresAt: BigInt(START + 400 * DAY),
        tier: 0n,
      }),
    ),
    forAttestation(storeAllowImage({ $$type: "AllowImage", imageHash: IMAGE, expiresAt: 1n, tier: 3n })),
    attestors([PUPPET.id], 1n),
    attestors([...usual, PUPPET.id], 2n),
    attestors(usual, 3n),
    forAttestation(storeSetQeSvn({ $$type: "SetQeSvn", qeSvn: 65_535n })),
    forAttestation(storeSetQeSvn({ $$type: "SetQeSvn", qeSvn: 0n })),
    forAttestation(
      storeSetTcbMinimum({
        $$type: "SetTcbMinimum",
        fmspc: MACHINE_KIND,
        minimum: {
          $$type: "TcbMinimum",
          components: 0n,
          pceSvn: 0n,
          tdxComponents: 0n,
          modules: 0n,
          issuedAt: 0n,
          number: 0n,
        },
      }),
    ),
    attestors([PUPPET.id, PUPPET.id], 2n),
    attestors([PUPPET.id], 2n),
    attestors(usual, 0n),
    params({ feeBps: 1_001n }),
    params({ bondBps: 10_001n }),
    params({ challengeSeconds: WEEK + 1n, unbondingSeconds: 3n * WEEK }),
    params({ settleGraceSeconds: WEEK + 1n }),
    params({ unbondingSeconds: 1n }),
    params({ unbondingSeconds: YEAR + 1n }),
    params({ closeSeconds: WEEK + 1n, unbondingSeconds: 3n * WEEK }),
    params({ treasury: new Address(-1, stage.treasury.hash) }),
  ];
}

function attestorsOf(keys: readonly bigint[]): Dictionary<number, bigint> {
  const attestors = Dictionary.empty(Dictionary.Keys.Uint(8), Dictionary.Values.BigUint(256));
  for (const [index, key] of keys.entries()) {
    attestors.set(index, key);
  }
  return attestors;
}

export const hashOf = (cell: Cell) => BigInt(`0x${cell.hash().toString("hex")}`);
