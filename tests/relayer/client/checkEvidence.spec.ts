import { Address } from "@ton/core";
import { createDevelopmentSource } from "../../../relayer/attestation";
import { createEvidenceCheck } from "../../../relayer/client/checkEvidence";
import type { VerifiedWorker } from "../../../relayer/client/checkWorker";
import { manualClock } from "../../../relayer/observe/clock";
import {
  encodeBind,
  hashBind,
  primitives,
  reportData,
  toBase64,
  toHex,
  toRawAddress,
} from "../../../relayer/protocol";

const NOW = 1_790_000_000;
const SEED = new Uint8Array(32).fill(1);
const IMAGE = new Uint8Array(32).fill(2);
const MODEL = new Uint8Array(32).fill(3);
const REGISTRY = toRawAddress(`0:${"aa".repeat(32)}`);
const PROVIDER = toRawAddress(`0:${"bb".repeat(32)}`);

async function scene(platformSeed = SEED) {
  const bind = encodeBind({
    tee: "development",
    networkId: -23_911,
    registry: REGISTRY,
    hpkePublicKey: new Uint8Array(32).fill(4),
    receiptPublicKey: new Uint8Array(32).fill(5),
    provider: PROVIDER,
    modelHash: MODEL,
    gpuDigest: undefined,
    configHash: new Uint8Array(32),
    notBefore: NOW - 60,
    notAfter: NOW + 3_600,
  });
  const evidence = await createDevelopmentSource({ seed: platformSeed, imageHash: IMAGE }).quote(
    reportData(hashBind(bind), new Uint8Array(32)),
  );
  const worker: VerifiedWorker = {
    key: "",
    bind: toBase64(bind),
    provider: PROVIDER,
    owner: Address.parseRaw(PROVIDER),
    modelHash: toHex(MODEL),
    imageHash: toHex(IMAGE),
    expiresAt: NOW + 3_600,
  } as never; // only these fields are read
  const check = createEvidenceCheck({
    networkId: -23_911,
    registry: REGISTRY,
    developmentPlatforms: [primitives.ed25519PublicKey(SEED)],
    clock: manualClock(NOW * 1000),
  });
  return { worker, evidence, check };
}

describe("the gateway's check of a worker's evidence", () => {
  it("takes a pinned platform's evidence for the attested image and model", async () => {
    const { worker, evidence, check } = await scene();
    await expect(check({ worker, evidence })).resolves.toBeUndefined();
  });

  it("refuses a platform that is not pinned", async () => {
    const { worker, evidence, check } = await scene(new Uint8Array(32).fill(9));
    await expect(check({ worker, evidence })).rejects.toMatchObject({
      code: "ATTESTATION_REFUSED",
      facts: { failed: "platformNotPinned" },
    });
  });

  it("refuses evidence of another image than the chain attested", async () => {
    const { worker, evidence, check } = await scene();
    const other = { ...worker, imageHash: "77".repeat(32) };
    await expect(check({ worker: other, evidence })).rejects.toMatchObject({
      facts: { failed: "imageNotAllowed" },
    });
  });

  it("refuses a worker that serves none", async () => {
    const { worker, check } = await scene();
    await expect(check({ worker, evidence: undefined })).rejects.toMatchObject({
      code: "ATTESTATION_MISSING",
    });
  });
});
