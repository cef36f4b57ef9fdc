import {
  createDevelopmentSource,
  type DevelopmentEvidence,
  type EvidenceExpectations,
} from "../../../relayer/attestation";
import {
  type BindStatement,
  encodeBind,
  hashBind,
  primitives,
  reportData,
  toRawAddress,
} from "../../../relayer/protocol";

export const NOW = 1_800_000_000;
export const DAY = 86_400;
export const PLATFORM_SEED = new Uint8Array(32).fill(9);
export const PLATFORM = primitives.ed25519PublicKey(PLATFORM_SEED);
export const IMAGE = new Uint8Array(32).fill(7);
export const FRESH = new Uint8Array(32).fill(8);
export const OTHER = toRawAddress(`0:${"77".repeat(32)}`);

export const BIND: BindStatement = {
  tee: "development",
  networkId: -217,
  registry: toRawAddress(`-1:${"01".repeat(32)}`),
  hpkePublicKey: new Uint8Array(32).fill(1),
  receiptPublicKey: new Uint8Array(32).fill(2),
  provider: toRawAddress(`0:${"02".repeat(32)}`),
  modelHash: new Uint8Array(32).fill(3),
  gpuDigest: undefined,
  configHash: new Uint8Array(32).fill(5),
  notBefore: NOW,
  notAfter: NOW + DAY,
};

export const EXPECTED: EvidenceExpectations = {
  networkId: BIND.networkId,
  registry: BIND.registry,
  provider: BIND.provider,
  models: [BIND.modelHash],
  images: [{ hash: IMAGE, expiresAt: NOW + 30 * DAY }],
  developmentPlatforms: [PLATFORM],
  fresh: FRESH,
  nowSeconds: NOW + 60,
};

/** A statement with genuine evidence for it. */
export async function claimOf(
  fields: Partial<BindStatement> = {},
  platform: { seed?: Uint8Array; imageHash?: Uint8Array; fresh?: Uint8Array } = {},
): Promise<{ bind: Uint8Array; evidence: DevelopmentEvidence }> {
  const bind = encodeBind({ ...BIND, ...fields });
  const source = createDevelopmentSource({ seed: PLATFORM_SEED, imageHash: IMAGE, ...platform });
  const evidence = await source.quote(reportData(hashBind(bind), platform.fresh ?? FRESH));
  if (evidence.kind !== "development") {
    throw new Error("the development source gives development evidence");
  }
  return { bind, evidence };
}
