import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTdxDevelopmentSource, describeTdxDevelopment } from "../../../relayer/attestation";
import { attestImage, attestVerify } from "../../../relayer/cli/attest";
import { parsePolicyFile } from "../../../relayer/client/policyFile";
import { toHex } from "../../../relayer/protocol";

const NOW = 1_790_000_000;
const PLATFORM = { rootSeed: new Uint8Array(32).fill(1), image: "an image" };
const { rootKey, imageHash, collateral } = describeTdxDevelopment(PLATFORM, NOW);
const OPTIONS = {
  root: toHex(rootKey),
  at: new Date(NOW * 1000).toISOString(),
  pccs: "http://127.0.0.1:1",
  maxAgeDays: "7",
  advisory: [],
  json: true,
};

describe("cocoon attest", () => {
  const dir = mkdtempSync(join(tmpdir(), "cocoon-attest-"));
  const files = {
    quote: join(dir, "quote"),
    collateral: join(dir, "collateral.json"),
    eventLog: join(dir, "log"),
  };
  let written = "";
  beforeAll(async () => {
    const evidence = await createTdxDevelopmentSource(PLATFORM).quote(new Uint8Array(64));
    writeFileSync(files.quote, evidence.kind === "tdx" ? evidence.quote : "");
    writeFileSync(files.collateral, JSON.stringify(collateral));
    writeFileSync(files.eventLog, "[]");
  });
  beforeEach(() => {
    written = "";
    const keep = (text: string | Uint8Array) => {
      written += String(text);
      return true;
    };
    jest.spyOn(process.stdout, "write").mockImplementation(keep);
    jest.spyOn(process.stderr, "write").mockImplementation(keep);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = 0;
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const verify = async (changes: object = {}) => {
    const { quote, collateral: path } = files;
    await attestVerify({ ...OPTIONS, quote, collateral: path, ...changes });
    return process.exitCode;
  };

  it("accepts with status 0 and tells the image hash", async () => {
    expect(await verify()).toBe(0);
    expect(JSON.parse(written)).toMatchObject({
      ok: true,
      failed: [],
      imageHash: toHex(imageHash),
      tcb: { status: "UpToDate" },
    });
  });

  it("refuses with status 10 and names what failed", async () => {
    expect(await verify({ root: undefined })).toBe(10);
    expect(JSON.parse(written).failed).toContain("pckChain.root");
    written = "";
    expect(await verify({ eventLog: files.eventLog })).toBe(10);
    expect(JSON.parse(written).failed).toEqual([0, 1, 2, 3].map((index) => `eventLog.rtmr${index}`));
  });

  it("ends with status 2 for what cannot be read", async () => {
    for (const changes of [
      { quote: join(dir, "nowhere") },
      { quote: files.eventLog },
      { collateral: files.eventLog },
      { at: "soon" },
    ]) {
      process.exitCode = 0;
      expect(await verify(changes)).toBe(2);
    }
  });

  it("computes the same image hash from a quote", async () => {
    await attestImage({ quote: files.quote, mrconfigid: "", attributes: "", xfam: "" });
    expect(written).toBe(`${toHex(imageHash)}\n`);
  });
});

describe("a developer's policy file", () => {
  it("narrows what it names and nothing else", () => {
    expect(parsePolicyFile("{}")).toEqual({
      client: {},
      tcb: { advisories: [], outOfDateUntil: undefined },
      minEvaluationNumber: 0,
      knownSites: undefined,
    });
    const file = { tees: ["tdx"], images: ["AB".repeat(32)], outOfDateUntil: "2026-12-01T00:00:00Z" };
    expect(parsePolicyFile(JSON.stringify(file))).toMatchObject({
      client: { tees: ["tdx"], images: ["ab".repeat(32)] },
      tcb: { outOfDateUntil: 1_796_083_200 },
    });
  });

  it("says how jobs are bought, and up to which prices", () => {
    const ceiling = { prompt: "4", cached: "3", completion: "2", reasoning: "1" };
    const read = (auction: object) => parsePolicyFile(JSON.stringify({ buy: "auction", auction })).client;
    expect(read({})).toEqual({
      buy: "auction",
      auction: { seconds: 300, ceilings: {}, ifNobodyBids: "named", againSeconds: 3_600 },
    });
    expect(read({ seconds: 60, ceilings: { m: ceiling }, ifNobodyBids: "fail" }).auction).toEqual({
      seconds: 60,
      ceilings: { m: { promptPrice: 4n, cachedPrice: 3n, completionPrice: 2n, reasoningPrice: 1n } },
      ifNobodyBids: "fail",
      againSeconds: 3_600,
    });
    const wrong = [
      { seconds: 29 },
      { seconds: 86_401 },
      { ifNobodyBids: "wait" },
      { ceilings: { m: { ...ceiling, prompt: 4 } } },
      { ceilings: { m: { prompt: "4" } } },
    ];
    for (const each of wrong) {
      expect(() => read(each)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
    expect(() => parsePolicyFile('{"buy":"stolen"}')).toThrow("policy file");
  });

  it("is refused whole for an unknown field, a wrong value or text that is no JSON", () => {
    for (const text of ['{"image":[]}', '{"images":["ab"]}', '{"advisories":["all"]}', "{"]) {
      expect(() => parsePolicyFile(text)).toThrow("policy file");
    }
  });
});
