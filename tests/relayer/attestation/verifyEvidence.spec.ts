import {
  createQuoteVerifier,
  createTdxDevelopmentSource,
  describeTdxDevelopment,
  type EvidenceExpectations,
  evidenceSchema,
  INTEL_ROOT_KEY,
  verifyEvidence,
} from "../../../relayer/attestation";
import { parseCollateral } from "../../../relayer/attestation/tdx/collateral";
import { verifyQuote } from "../../../relayer/attestation/tdx/verifyQuote";
import { encodeBind, hashBind, reportData } from "../../../relayer/protocol";
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
      "platformNotPinned",
      "imageNotAllowed",
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

describe("verifyEvidence of a TDX quote", () => {
  const PLATFORM = { rootSeed: new Uint8Array(32).fill(6), image: "an image" };
  const { rootKey, imageHash, collateral } = describeTdxDevelopment(PLATFORM, NOW);
  const images = [{ hash: imageHash, expiresAt: NOW + 30 * DAY }];

  async function failedTdx(
    fields: Partial<typeof BIND> = {},
    changes: {
      image?: string;
      fresh?: Uint8Array;
      root?: Uint8Array;
      expected?: Partial<EvidenceExpectations>;
    } = {},
  ) {
    const bind = encodeBind({ ...BIND, tee: "tdx", ...fields });
    const source = createTdxDevelopmentSource({ ...PLATFORM, image: changes.image ?? PLATFORM.image });
    const evidence = await source.quote(reportData(hashBind(bind), changes.fresh ?? FRESH));
    const nowSeconds = changes.expected?.nowSeconds ?? EXPECTED.nowSeconds;
    const verify = (quote: Uint8Array) =>
      verifyQuote(quote, parseCollateral(collateral), { rootKey: changes.root ?? rootKey, nowSeconds });
    const verdict = verifyEvidence(
      { bind, evidence },
      { ...EXPECTED, images, verifyQuote: verify, ...changes.expected },
    );
    return verdict.ok ? verdict : verdict.failed;
  }

  it("accepts a machine under the pinned root and names it", async () => {
    expect(await failedTdx()).toMatchObject({ ok: true, imageHash, machine: "11".repeat(16) });
  });

  it("ends when the collateral does, where that is first", async () => {
    const bind = { notBefore: NOW + 6 * DAY + 3_600, notAfter: NOW + 7 * DAY + 3_600 };
    expect(await failedTdx(bind, { expected: { nowSeconds: bind.notBefore } })).toMatchObject({
      expiresAt: NOW + 7 * DAY,
    });
  });

  it("refuses what a quote does not show, by name", async () => {
    expect(await failedTdx({ tee: "sevSnp" })).toEqual(["teeKind"]);
    expect(await failedTdx({}, { image: "another image" })).toEqual(["imageNotAllowed"]);
    expect(await failedTdx({}, { fresh: IMAGE })).toEqual(["freshness"]);
    expect(await failedTdx({}, { expected: { verifyQuote: undefined } })).toEqual(["quoteRootNotPinned"]);
    expect(await failedTdx({}, { root: INTEL_ROOT_KEY })).toEqual(expect.arrayContaining(["pckChain.root"]));
    const late = { nowSeconds: NOW + 8 * DAY };
    expect(await failedTdx({}, { expected: late })).toEqual(expect.arrayContaining(["tcbInfo.stale"]));
  });

  it("keeps a verdict while its collateral lasts, and only for the bytes that were signed", async () => {
    let reads = 0;
    const quotes = createQuoteVerifier({
      rootKey,
      collateral: {
        async get() {
          reads += 1;
          return parseCollateral(collateral);
        },
      },
    });
    const evidence = await createTdxDevelopmentSource(PLATFORM).quote(new Uint8Array(64));
    const quote = Buffer.from(evidence.kind === "tdx" ? evidence.quote : "", "base64");
    const at = async (bytes: Buffer, nowSeconds: number) => (await quotes.prepare(bytes, nowSeconds))(bytes);
    const first = await at(quote, NOW + 60);
    expect(first.ok).toBe(true);
    expect(await at(quote, NOW + 61)).toBe(first);
    expect((await at(quote, NOW + 7 * DAY + 1)).failed).toContain("tcbInfo.stale");
    const other = Buffer.from(quote);
    other.writeUInt8(other.readUInt8(600) ^ 1, 600);
    expect((await at(other, NOW + 61)).failed).toEqual(["quoteSignature"]);
    expect(reads).toBe(4);
  });
});
