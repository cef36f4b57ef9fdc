import { parseCertificate } from "../../../relayer/attestation/certificates/certificate";
import {
  cutSignedJson,
  formatCollateral,
  parseCollateral,
} from "../../../relayer/attestation/tdx/collateral";
import {
  makeTestCollateral,
  makeTestCrl,
  type TestCollateralOptions,
} from "../../../relayer/attestation/tdx/makeTestCollateral";
import {
  makeTestMachine,
  makeTestQuote,
  TEST_FACTS,
  type TestMachineOptions,
  type TestQuoteOptions,
} from "../../../relayer/attestation/tdx/makeTestQuote";
import { testP256Key } from "../../../relayer/attestation/tdx/makeTestQuotePki";
import { type QuoteExpectations, verifyQuote } from "../../../relayer/attestation/tdx/verifyQuote";

const NOW = 1_790_000_000;
const DAY = 86_400;
const ROOT_SEED = new Uint8Array(32).fill(3);
const OTHER_SEED = new Uint8Array(32).fill(4);
const OTHER_KEY = testP256Key(OTHER_SEED, "other");
const REPORT_DATA = new Uint8Array(64).fill(0x42);
const ROOT_KEY = makeTestMachine({ rootSeed: ROOT_SEED }).rootPublicKey;

interface Case {
  readonly machine?: Partial<TestMachineOptions>;
  readonly quote?: Partial<TestQuoteOptions>;
  readonly collateral?: Partial<TestCollateralOptions>;
  readonly expected?: Partial<QuoteExpectations>;
}

function verdictOf({ machine, quote, collateral, expected }: Case = {}) {
  return verifyQuote(
    makeTestQuote(makeTestMachine({ rootSeed: ROOT_SEED, ...machine }), {
      reportData: REPORT_DATA,
      ...quote,
    }),
    makeTestCollateral({ rootSeed: ROOT_SEED, issuedAt: NOW - DAY, ...collateral }),
    { rootKey: ROOT_KEY, nowSeconds: NOW, ...expected },
  );
}

const td = (fields: NonNullable<TestQuoteOptions["td"]>): Case => ({ quote: { td: fields } });
const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
const serialOf = (index: 0 | 1): string =>
  parseCertificate(makeTestMachine({ rootSeed: ROOT_SEED }).chain[index]).serial;

describe("A quote under a root of one's own", () => {
  it.each<[string, Case]>([
    ["version 4", {}],
    ["version 5 with a TD 1.0 body", { quote: { version: 5, body: "td10" } }],
    ["version 5 with a TD 1.5 body", { quote: { version: 5, body: "td15" } }],
    [
      "a machine certified by the Processor CA",
      { machine: { ca: "Processor" }, collateral: { ca: "Processor" } },
    ],
    ["a TD that uses protection keys", td({ tdAttributes: bytes("0000005000000000") })],
    ["collateral exactly seven days old", { collateral: { issuedAt: NOW - 7 * DAY } }],
  ])("is accepted: %s", (_, given) => {
    expect(verdictOf(given)).toMatchObject({ ok: true, failed: [], tcb: { status: "UpToDate" } });
  });

  it.each<[string, readonly string[], Case]>([
    ["a TD open to a debugger", ["tdDebug"], td({ tdAttributes: bytes("0100001000000000") })],
    ["a reserved attribute", ["tdReservedAttributes"], td({ tdAttributes: bytes("0000001100000000") })],
    ["a TD that may be moved", ["tdReservedAttributes"], td({ tdAttributes: bytes("0000003000000000") })],
    ["SEPT_VE_DISABLE clear", ["tdSeptVeDisable"], td({ tdAttributes: bytes("0000000000000000") })],
    ["XFAM without SSE", ["tdXfam"], td({ xfam: bytes("e502060000000000") })],
    ["XFAM with a reserved bit", ["tdXfam"], td({ xfam: bytes("e702060001000000") })],
    ["an owner", ["tdOwner"], td({ mrOwner: Buffer.alloc(48, 1) })],
    ["an owner's configuration", ["tdOwner"], td({ mrOwnerConfig: Buffer.alloc(48, 1) })],
    [
      "a service TD",
      ["tdServiceTd"],
      { quote: { version: 5, body: "td15", td: { mrServiceTd: Buffer.alloc(48, 1) } } },
    ],
    ["a foreign TDX module", ["tdxModuleSigner"], td({ mrSignerSeam: Buffer.alloc(48, 1) })],
    ["a debug TDX module", ["tdxModuleAttributes"], td({ seamAttributes: bytes("0100000000000000") })],
    [
      "an unknown TDX module",
      ["tdxModuleUnknown"],
      td({ teeTcbSvn: bytes("05020700000000000000000000000000") }),
    ],
    [
      "a TDX module below every level",
      ["tdxModuleLevel"],
      td({ teeTcbSvn: bytes("01010700000000000000000000000000") }),
    ],
    [
      "an out-of-date TDX module",
      ["tcbStatus"],
      td({ teeTcbSvn: bytes("04010700000000000000000000000000") }),
    ],
    ["an out-of-date machine", ["tcbStatus"], { machine: { facts: { pceSvn: TEST_FACTS.pceSvn - 1 } } }],
    ["a machine below every level", ["tcbLevel", "tcbStatus"], { machine: { facts: { pceSvn: 4 } } }],
    ["another family of machines", ["fmspc"], { machine: { facts: { fmspc: bytes("00806f050000") } } }],
    ["a revoked level", ["tcbStatus"], { collateral: { status: "Revoked" } }],
    [
      "hardening needed, with no advisory named",
      ["tcbStatus"],
      { collateral: { status: "SWHardeningNeeded" } },
    ],
    ["somebody's own quoting enclave", ["qeMrSigner"], { quote: { qe: { mrSigner: Buffer.alloc(32, 1) } } }],
    ["another enclave of Intel's", ["qeProduct"], { quote: { qe: { isvProdId: 1 } } }],
    ["an out-of-date quoting enclave", ["tcbStatus"], { quote: { qe: { isvSvn: 3 } } }],
    ["a quoting enclave below every level", ["qeLevel", "tcbStatus"], { quote: { qe: { isvSvn: 2 } } }],
    [
      "a debug quoting enclave",
      ["qeAttributes"],
      { quote: { qe: { attributes: bytes("1700000000000000e700000000000000") } } },
    ],
    ["another MISCSELECT", ["qeMiscSelect"], { quote: { qe: { miscSelect: 1 } } }],
    [
      "a quoting enclave that names no key",
      ["attestationKey"],
      { quote: { qe: { reportData: Buffer.alloc(64) } } },
    ],
    ["a quote signed by another key", ["quoteSignature"], { quote: { signer: OTHER_KEY } }],
    ["another vendor", ["quoteFormat"], { quote: { header: { vendor: Buffer.alloc(16) } } }],
    ["another kind of key", ["quoteFormat"], { quote: { header: { keyType: 3 } } }],
    ["a TDX body that says SGX", ["quoteFormat"], { quote: { header: { teeType: 0 } } }],
    ["version 3 with a TDX body", ["quoteFormat"], { quote: { header: { version: 3 } } }],
    [
      "an expired machine certificate",
      ["pckChain.dates"],
      { machine: { notBefore: NOW - 2 * DAY, notAfter: NOW - 1 } },
    ],
    ["an expired authority", ["pckChain.dates"], { machine: { caNotAfter: NOW - 1 } }],
    ["a revoked machine", ["pckChain.revoked"], { collateral: { revoked: { byCa: [serialOf(0)] } } }],
    ["a revoked authority", ["pckChain.revoked"], { collateral: { revoked: { byRoot: [serialOf(1)] } } }],
    [
      "the other authority's revocation list",
      ["pckCrl.issuer", "pckCrl.signature", "pckChain.revocationUnknown"],
      { collateral: { ca: "Processor" } },
    ],
    [
      "collateral a second older than seven days",
      ["pckCrl.stale", "tcbInfo.stale", "qeIdentity.stale"],
      { collateral: { issuedAt: NOW - 7 * DAY - 1 } },
    ],
    [
      "collateral from the future",
      ["rootCrl.dates", "pckCrl.dates", "tcbInfo.dates", "qeIdentity.dates"],
      { collateral: { issuedAt: NOW + 1 } },
    ],
    [
      "collateral signed by another key",
      ["tcbInfo.signature", "qeIdentity.signature"],
      { collateral: { signer: OTHER_KEY } },
    ],
    [
      "collateral signed by a certificate of another role",
      ["tcbInfoChain.role", "qeIdentityChain.role"],
      { collateral: { signerName: "Intel SGX PCK Certificate" } },
    ],
    ["TCB info for SGX", ["tcbInfoKind"], { collateral: { tcbInfo: { id: "SGX" } } }],
    ["another enclave's identity", ["qeIdentityKind"], { collateral: { qeIdentity: { id: "QE" } } }],
    [
      "a status that nobody knows",
      ["tcbInfo.format", "tcbStatus"],
      { collateral: { tcbInfo: { tcbLevels: [{ tcbStatus: "Fine" }] } } },
    ],
    [
      "an evaluation number below the least",
      ["tcbInfo.evaluationNumber", "qeIdentity.evaluationNumber"],
      { expected: { minEvaluationNumber: 19 } },
    ],
  ])("is refused, naming the check: %s", (_, failed, given) => {
    const verdict = verdictOf(given);
    expect([...verdict.failed].sort()).toEqual([...failed].sort());
    expect(verdict.ok).toBe(false);
  });

  it("is nothing to a verifier that pins another root", () => {
    const { rootPublicKey } = makeTestMachine({ rootSeed: OTHER_SEED });
    const { failed } = verdictOf({ expected: { rootKey: rootPublicKey } });
    expect(failed).toEqual(
      expect.arrayContaining(["pckChain.root", "tcbInfoChain.root", "qeIdentityChain.root"]),
    );
  });

  it("names every failed check at once", () => {
    const { failed } = verdictOf({
      quote: { td: { tdAttributes: bytes("0100001000000000") }, qe: { isvProdId: 1 } },
      collateral: { signer: OTHER_KEY },
    });
    expect([...failed].sort()).toEqual(["qeIdentity.signature", "qeProduct", "tcbInfo.signature", "tdDebug"]);
  });

  it("does not take a revocation list that the authority did not sign", () => {
    const collateral = makeTestCollateral({ rootSeed: ROOT_SEED, issuedAt: NOW - DAY });
    const forged = makeTestCrl(
      { issuer: "Intel SGX PCK Platform CA", key: OTHER_KEY, revoked: [] },
      NOW - DAY,
      NOW + DAY,
    );
    const quote = makeTestQuote(makeTestMachine({ rootSeed: ROOT_SEED }), { reportData: REPORT_DATA });
    const { failed } = verifyQuote(
      quote,
      { ...collateral, pckCrl: forged },
      { rootKey: ROOT_KEY, nowSeconds: NOW },
    );
    expect(failed).toEqual(["pckCrl.signature", "pckChain.revocationUnknown"]);
  });

  it("is refused, and throws nothing, with any byte of it cut off or flipped", () => {
    const quote = makeTestQuote(makeTestMachine({ rootSeed: ROOT_SEED }), { reportData: REPORT_DATA });
    const collateral = makeTestCollateral({ rootSeed: ROOT_SEED, issuedAt: NOW - DAY });
    const isOk = (changed: Buffer) =>
      verifyQuote(changed, collateral, { rootKey: ROOT_KEY, nowSeconds: NOW }).ok;
    expect(isOk(quote)).toBe(true);
    // Up to the certificates, which are text: the spec of real quotes flips their contents.
    const end = 636 + 64 + 64 + 6 + 384 + 64 + 2 + 32;
    const accepted: number[] = [];
    for (let at = 0; at < end; at += 5) {
      const flipped = Buffer.from(quote);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
      if (isOk(flipped) || isOk(quote.subarray(0, at))) {
        accepted.push(at);
      }
    }
    expect(accepted).toEqual([]);
  });
});

describe("Collateral as files and as Intel's answers", () => {
  it("is the same after a journey through its file form", () => {
    const collateral = makeTestCollateral({ rootSeed: ROOT_SEED, issuedAt: NOW - DAY });
    expect(parseCollateral(JSON.parse(JSON.stringify(formatCollateral(collateral))))).toEqual(collateral);
    expect(() => parseCollateral({ ...formatCollateral(collateral), pck_crl: "zz" })).toThrow("pck_crl");
  });

  it("cuts the signed bytes out of an answer exactly as they were sent", () => {
    const signature = "ab".repeat(64);
    const text = '{"id":"TDX",  "x":[1, 2]}';
    const answer = `{"tcbInfo":${text},"signature":"${signature}"}\n`;
    expect(cutSignedJson(answer, "tcbInfo")).toEqual({ text, signature: bytes(signature) });
    expect(() => cutSignedJson(answer, "enclaveIdentity")).toThrow("Intel's answer");
    expect(() => cutSignedJson(answer.replace("ab", "zz"), "tcbInfo")).toThrow("Intel's answer");
  });
});
