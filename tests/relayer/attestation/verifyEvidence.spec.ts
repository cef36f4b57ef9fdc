import { type EvidenceExpectations, evidenceSchema, verifyEvidence } from "../../../relayer/attestation";
import { BIND, claimOf, DAY, EXPECTED, FRESH, IMAGE, NOW, OTHER } from "./fixtures";

type Claim = Awaited<ReturnType<typeof claimOf>>;

function failedOf(claim: Claim, expected: Partial<EvidenceExpectations> = {}): readonly string[] {
  const verdict = verifyEvidence(claim, { ...EXPECTED, ...expected });
  return verdict.ok ? [] : verdict.failed;
}

describe("verifyEvidence", () => {
  it("accepts genuine evidence and says until when it holds", async () => {
    const verdict = verifyEvidence(await claimOf(), EXPECTED);
    expect(verdict).toMatchObject({ ok: true, bind: BIND, imageHash: IMAGE, expiresAt: NOW + DAY });
  });

  it("ends with the image when that ends first", async () => {
    const images = [{ hash: IMAGE, expiresAt: NOW + 100 }];
    expect(verifyEvidence(await claimOf(), { ...EXPECTED, images })).toMatchObject({ expiresAt: NOW + 100 });
  });

  it.each([
    ["network", { networkId: -3 }, {}],
    ["registry", { registry: OTHER }, {}],
    ["provider", { provider: OTHER }, {}],
    ["model", { modelHash: FRESH }, {}],
    ["notYetValid", { notBefore: NOW + 61 }, {}],
    ["expired", { notBefore: NOW - DAY + 60, notAfter: NOW + 60 }, {}],
    ["teeKind", { tee: "tdx" as const }, {}],
    ["gpuEvidence", { gpuDigest: FRESH }, {}],
    ["freshness", {}, { fresh: IMAGE }],
    ["imageNotAllowed", {}, { imageHash: FRESH }],
    ["platformNotPinned", {}, { seed: FRESH }],
  ])("refuses by the check %s alone", async (check, fields, platform) => {
    expect(failedOf(await claimOf(fields, platform))).toEqual([check]);
  });

  it("refuses development evidence where no development platform is pinned", async () => {
    expect(failedOf(await claimOf(), { developmentPlatforms: [] })).toEqual(["platformNotPinned"]);
  });

  it("refuses an image past its end", async () => {
    const images = [{ hash: IMAGE, expiresAt: EXPECTED.nowSeconds }];
    expect(failedOf(await claimOf(), { images })).toEqual(["imageExpired"]);
  });

  it("refuses evidence of another statement", async () => {
    const { bind } = await claimOf({ configHash: FRESH });
    expect(failedOf({ bind, evidence: (await claimOf()).evidence })).toEqual(["reportData"]);
  });

  it("refuses a life above 24 hours and bytes that are no statement", async () => {
    const { bind, evidence } = await claimOf();
    const longer = Uint8Array.from(bind);
    longer[longer.length - 1] = (longer.at(-1) ?? 0) + 1;
    expect(failedOf({ bind: longer, evidence })).toEqual(["bindFormat", "reportData"]);
    expect(failedOf({ bind: new Uint8Array(3), evidence })).toEqual(["bindFormat", "reportData"]);
  });

  it("refuses every flipped byte of image, report data and signature", async () => {
    const { bind, evidence } = await claimOf();
    for (const field of ["imageHash", "reportData", "signature"] as const) {
      for (let at = 0; at < evidence[field].length; at += 2) {
        const digit = evidence[field].charAt(at) === "0" ? "1" : "0";
        const changed = evidence[field].slice(0, at) + digit + evidence[field].slice(at + 1);
        expect(failedOf({ bind, evidence: { ...evidence, [field]: changed } })).toContain(
          "platformSignature",
        );
      }
    }
  });

  it("names every failed check, not only the first", async () => {
    const claim = await claimOf({ networkId: 1, modelHash: FRESH }, { imageHash: FRESH });
    expect(failedOf(claim, { developmentPlatforms: [], provider: OTHER })).toEqual([
      "network",
      "provider",
      "model",
      "imageNotAllowed",
      "platformNotPinned",
    ]);
  });

  it("takes only complete evidence of a known kind", async () => {
    const { evidence } = await claimOf();
    expect(evidenceSchema.safeParse(evidence).success).toBe(true);
    for (const changed of [
      { kind: "tdx" },
      { signature: "00" },
      { imageHash: "G".repeat(64) },
      { extra: 1 },
    ]) {
      expect(evidenceSchema.safeParse({ ...evidence, ...changed }).success).toBe(false);
    }
  });
});
