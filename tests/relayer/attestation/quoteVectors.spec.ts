import { verify as verifyByPhala } from "@phala/dcap-qvl";
import { readPem } from "../../../relayer/attestation/certificates/certificate";
import { type Collateral, formatCollateral } from "../../../relayer/attestation/tdx/collateral";
import { telegramImageHash } from "../../../relayer/attestation/tdx/imageHash";
import { INTEL_ROOT_KEY } from "../../../relayer/attestation/tdx/intelRoot";
import { parseQuote, type Quote } from "../../../relayer/attestation/tdx/quote";
import {
  MAX_COLLATERAL_AGE_SECONDS,
  type QuoteExpectations,
  verifyQuote,
} from "../../../relayer/attestation/tdx/verifyQuote";
import { toHex } from "../../../relayer/protocol";
import { collaterals, describeVectors, type QuoteVector, quoteVectors, vector } from "./vectors";

const FLIPS = 200;
const MONTH_SECONDS = 31 * 86_400;

function expectationsOf({ at }: QuoteVector, overrides: Partial<QuoteExpectations> = {}): QuoteExpectations {
  const nowSeconds = Date.parse(at) / 1000;
  // The collateral kept beside a quote is older than a week by the time that its row names.
  return { rootKey: INTEL_ROOT_KEY, nowSeconds, maxAgeSeconds: MONTH_SECONDS, ...overrides };
}

function vectorNamed(name: string): QuoteVector {
  const found = quoteVectors.find((row) => row.name === name);
  if (found === undefined) {
    throw new Error(`no vector named ${name}`);
  }
  return found;
}

const flip = (bytes: Buffer, at: number, bit: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
  return changed;
};

describeVectors("Quotes of real machines", () => {
  it.each(quoteVectors)("gives the expected verdict: $name", (row) => {
    const verdict = verifyQuote(row.quote(), collaterals[row.collateral](), expectationsOf(row));
    expect([...verdict.failed].sort()).toEqual([...row.failed].sort());
    expect(verdict.ok).toBe(row.failed.length === 0);
    expect(verdict.tcb?.status).toBe(row.status);
    expect(verdict.tcb?.advisories ?? []).toEqual(row.advisories);
  });

  it("computes the image hash that Telegram's Cocoon publishes for its quote", () => {
    const { body } = parseQuote(vector("cocoon/tee/test/quote.dat"));
    expect(body.kind === "tdx" && toHex(telegramImageHash(body.td))).toBe(
      "04b3afd931d28680af91a15b09d672c40ad6b141f7f9089a8d67d595220f7436",
    );
  });

  it("accepts an advisory that the policy lists, and refuses a machine with one more", () => {
    const row = vectorNamed("SGX v3");
    const failedWith = (advisories: readonly string[]) =>
      verifyQuote(
        row.quote(),
        collaterals.D(),
        expectationsOf(row, { tcb: { advisories, outOfDateUntil: undefined } }),
      ).failed;
    expect(failedWith(["INTEL-SA-00289", "INTEL-SA-00615"])).toEqual([]);
    expect(failedWith(["INTEL-SA-00289"])).toEqual(["tcbStatus"]);
  });

  it("accepts an out-of-date machine until the grace ends, and not at that second", () => {
    const row = vectorNamed("an out-of-date TDX v4");
    const { nowSeconds } = expectationsOf(row);
    const okUntil = (outOfDateUntil: number) =>
      verifyQuote(
        row.quote(),
        collaterals.E0725(),
        expectationsOf(row, { tcb: { advisories: [], outOfDateUntil } }),
      ).ok;
    expect(okUntil(nowSeconds + 1)).toBe(true);
    expect(okUntil(nowSeconds)).toBe(false);
  });

  it("refuses collateral older than seven days, to the second, and names the end before", () => {
    const row = vectorNamed("Cocoon's TDX v4");
    const collateral = collaterals.B();
    // The oldest of the three that must be fresh.
    const issued = Date.parse(String(JSON.parse(collateral.qeIdentity.text).issueDate)) / 1000;
    const at = (nowSeconds: number) =>
      verifyQuote(row.quote(), collateral, { rootKey: INTEL_ROOT_KEY, nowSeconds });
    const last = at(issued + MAX_COLLATERAL_AGE_SECONDS).failed;
    const after = at(issued + MAX_COLLATERAL_AGE_SECONDS + 1).failed;
    expect(last).not.toContain("qeIdentity.stale");
    expect(after).toContain("qeIdentity.stale");
    expect(at(issued - 86_400).failed).toEqual(
      expect.arrayContaining(["tcbInfo.dates", "qeIdentity.dates", "pckCrl.dates"]),
    );
    const { validUntil } = verifyQuote(row.quote(), collateral, expectationsOf(row));
    expect(verifyQuote(row.quote(), collateral, { ...expectationsOf(row), nowSeconds: validUntil }).ok).toBe(
      true,
    );
    expect(
      verifyQuote(row.quote(), collateral, { ...expectationsOf(row), nowSeconds: validUntil + 1 }).ok,
    ).toBe(false);
  });

  it("refuses an evaluation number below the network's least, and another root", () => {
    const row = vectorNamed("Cocoon's TDX v4");
    const failedWith = (overrides: Partial<QuoteExpectations>) =>
      verifyQuote(row.quote(), collaterals.B(), expectationsOf(row, overrides)).failed;
    expect(failedWith({ minEvaluationNumber: 18 })).toEqual([]);
    expect(failedWith({ minEvaluationNumber: 19 })).toEqual([
      "tcbInfo.evaluationNumber",
      "qeIdentity.evaluationNumber",
    ]);
    expect(failedWith({ rootKey: parseQuote(row.quote()).attestationKey })).toEqual(
      expect.arrayContaining(["pckChain.root", "tcbInfoChain.root", "qeIdentityChain.root"]),
    );
  });

  describe.each(["Cocoon's TDX v4", "Phala's TDX v4", "Google's TDX v5", "Google Cloud's TDX v4"])(
    "%s",
    (name) => {
      it(`is refused with any of ${FLIPS} bits of its signed bytes flipped`, () => {
        const row = vectorNamed(name);
        const quote = row.quote();
        const collateral = collaterals[row.collateral]();
        const { data } = parseQuote(quote).certification;
        const rewritten = withCertificates(quote, data, Buffer.concat([data, Buffer.from("\n")]));
        expect(verifyQuote(rewritten, collateral, expectationsOf(row)).ok).toBe(true);
        const regions = signedRegions(quote, parseQuote(quote));
        const total = regions.reduce((sum, { length }) => sum + length, 0);
        const accepted: number[] = [];
        for (let index = 0; index < FLIPS; index += 1) {
          let at = Math.floor((index * total) / FLIPS);
          const region = regions.find(({ length }) => {
            const isInside = at < length;
            at -= isInside ? 0 : length;
            return isInside;
          });
          const changed = region?.flipped(at, index % 8);
          if (changed === undefined || verifyQuote(changed, collateral, expectationsOf(row)).ok) {
            accepted.push(index);
          }
        }
        expect(accepted).toEqual([]);
      });
    },
  );
});

interface Region {
  readonly length: number;
  flipped(at: number, bit: number): Buffer;
}

/** Everything in a quote that somebody signed: header and body, the quoting enclave's report, three certificates. */
function signedRegions(bytes: Buffer, quote: Quote): Region[] {
  const start = (part: Buffer) => part.byteOffset - bytes.byteOffset;
  const plain = [quote.signed, quote.signature, quote.attestationKey, quote.qe.signed, quote.qe.authData].map(
    (part) => ({
      length: part.length,
      flipped: (at: number, bit: number) => flip(bytes, start(part) + at, bit),
    }),
  );
  const { data } = quote.certification;
  const pem = data.toString("latin1");
  const certificates = readPem(pem).map((der, index) => ({
    length: der.length,
    flipped(at: number, bit: number) {
      const chain = readPem(pem).map((each, place) => (place === index ? flip(der, at, bit) : each));
      const text = chain.map(toPem).join("");
      return withCertificates(bytes, data, Buffer.from(text, "latin1"));
    },
  }));
  return [...plain, ...certificates];
}

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
}

/** The same quote with another chain; the three lengths around it are corrected. */
function withCertificates(bytes: Buffer, data: Buffer, chain: Buffer): Buffer {
  const start = data.byteOffset - bytes.byteOffset;
  const out = Buffer.concat([bytes.subarray(0, start), chain]);
  const grown = chain.length - data.length;
  const signatureAt = out.readUInt16LE(0) === 5 ? 54 + out.readUInt32LE(50) : 632;
  for (const at of [signatureAt, signatureAt + 4 + 128 + 2, start - 4]) {
    out.writeUInt32LE(out.readUInt32LE(at) + grown, at);
  }
  return out;
}

/** Where we refuse and `@phala/dcap-qvl` 0.3.9 does not, or the other way round; everything else must agree. */
const ALLOWED_DIFFERENCES = {
  "an empty revocation list": "it takes a list that does not parse for an empty one",
  "a revocation list with a broken signature": "it does not verify the lists' signatures",
  "the root's list in the machines' place": "it does not compare the lists' issuers",
  "a root list with a broken signature": "it does not verify the lists' signatures",
} as const;

/** Where its status differs from Intel's rule. */
const STATUS_DIFFERENCES: Readonly<Record<string, string>> = {
  "Google Cloud's TDX v4": "it compares components 0 and 1 although the TDX module has an identity",
  "Google Cloud's TDX v4, three months later": "the same",
};

type Mutation = (quote: Buffer, collateral: Collateral) => readonly [Buffer, Collateral];
const lastByte = (bytes: Buffer): Buffer => flip(bytes, bytes.length - 5, 0);

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "as it is": (quote, collateral) => [quote, collateral],
  "an empty revocation list": (quote, collateral) => [quote, { ...collateral, pckCrl: Buffer.from([0]) }],
  "a revocation list with a broken signature": (quote, collateral) => [
    quote,
    { ...collateral, pckCrl: lastByte(collateral.pckCrl) },
  ],
  "the root's list in the machines' place": (quote, collateral) => [
    quote,
    { ...collateral, pckCrl: collateral.rootCrl },
  ],
  "a root list with a broken signature": (quote, collateral) => [
    quote,
    { ...collateral, rootCrl: lastByte(collateral.rootCrl) },
  ],
  "TCB info with a broken signature": (quote, collateral) => [
    quote,
    { ...collateral, tcbInfo: { ...collateral.tcbInfo, signature: lastByte(collateral.tcbInfo.signature) } },
  ],
  "a QE identity with a broken signature": (quote, collateral) => [
    quote,
    {
      ...collateral,
      qeIdentity: { ...collateral.qeIdentity, signature: lastByte(collateral.qeIdentity.signature) },
    },
  ],
  "another vendor": (quote, collateral) => [flip(quote, 13, 0), collateral],
  "another body": (quote, collateral) => [flip(quote, 300, 0), collateral],
  "another kind of key": (quote, collateral) => [flip(quote, 2, 0), collateral],
  "something behind the signature": (quote, collateral) => [
    Buffer.concat([quote, Buffer.from([1])]),
    collateral,
  ],
};

describeVectors("Quotes of real machines, beside @phala/dcap-qvl", () => {
  it.each(Object.entries(MUTATIONS))("agrees, or differs as listed: %s", (mutation, change) => {
    for (const row of quoteVectors) {
      const [quote, collateral] = change(row.quote(), collaterals[row.collateral]());
      const ours = ourAnswer(quote, collateral, row);
      const theirs = theirAnswer(quote, collateral, row);
      if (mutation in ALLOWED_DIFFERENCES) {
        expect(ours).toBeUndefined();
        // The reason holds only while the library accepts what it accepts unchanged.
        expect(theirs).toEqual(theirAnswer(row.quote(), collaterals[row.collateral](), row));
      } else if (row.name in STATUS_DIFFERENCES && ours !== undefined) {
        expect([ours.status, theirs?.status]).toEqual(["UpToDate", "OutOfDate"]);
      } else {
        expect({ row: row.name, ...ours }).toEqual({ row: row.name, ...theirs });
      }
    }
  });
});

type Answer = { readonly status: string; readonly advisories: readonly string[] } | undefined;

/** Status and advisories where only the status's policy is left to decide; undefined: refused. */
function ourAnswer(quote: Buffer, collateral: Collateral, row: QuoteVector): Answer {
  const { failed, tcb } = verifyQuote(quote, collateral, expectationsOf(row));
  const isSound = failed.every((name) => name === "tcbStatus");
  return isSound && tcb !== undefined ? { status: tcb.status, advisories: tcb.advisories } : undefined;
}

function theirAnswer(quote: Buffer, collateral: Collateral, row: QuoteVector): Answer {
  try {
    const { status, advisory_ids } = verifyByPhala(
      quote,
      { ...formatCollateral(collateral), pck_crl_issuer_chain: "" },
      expectationsOf(row).nowSeconds,
    );
    return { status, advisories: [...advisory_ids].sort() };
  } catch {
    return undefined;
  }
}
