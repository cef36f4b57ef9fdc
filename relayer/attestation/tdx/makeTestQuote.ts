import { createHash } from "node:crypto";
import {
  makeTestCertificate,
  sgxExtension,
  signP256,
  type TestP256Key,
  type TestPlatformFacts,
  testP256Key,
} from "./makeTestQuotePki";

// Quotes of the shape of Intel's, made by nobody's hardware under a root of one's own. A network whose registry pins
// Intel's root refuses them all; a localnet pins such a root and then runs the very code that checks Intel's.

/** Signs Intel's TDX quoting enclave. */
export const QE_MRSIGNER = "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5";
const INTEL_VENDOR = "939a7233f79c4ca9940a0db3957f0607";
const DAY = 86_400;

export interface TestMachine {
  /** x ‖ y [64] of the root that a registry must pin to believe this machine. */
  readonly rootPublicKey: Buffer;
  /** DER: the machine's certificate, its CA's, the root's. */
  readonly chain: readonly [leaf: Buffer, ca: Buffer, root: Buffer];
  readonly keys: Readonly<Record<"root" | "ca" | "leaf" | "attestation", TestP256Key>>;
}

export interface TestMachineOptions {
  /** Whoever holds it can vouch for any image on networks that pin this root. */
  readonly rootSeed: Uint8Array;
  /** Another name is another machine under the same CA. */
  readonly name?: string;
  readonly ca?: "Platform" | "Processor";
  readonly facts?: Partial<TestPlatformFacts>;
  /** Unix seconds; the machine's certificate. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Unix seconds; the CA's certificate. */
  readonly caNotAfter?: number;
}

/** Security versions of a machine made here, unless others are asked for. */
export const TEST_FACTS: TestPlatformFacts = {
  fmspc: Buffer.from("90c06f000000", "hex"),
  components: [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
  pceSvn: 13,
};
const TEST_NOT_BEFORE = Date.UTC(2025, 0, 1) / 1000;

/** Root, CA and machine with their keys; all but the signatures follow from the seed. */
export function makeTestMachine(options: TestMachineOptions): TestMachine {
  const { rootSeed, name = "machine", ca: kind = "Platform" } = options;
  const keys = {
    root: testP256Key(rootSeed, "root"),
    ca: testP256Key(rootSeed, `ca ${kind}`),
    leaf: testP256Key(rootSeed, `leaf ${name}`),
    attestation: testP256Key(rootSeed, `attestation ${name}`),
  };
  const notBefore = options.notBefore ?? TEST_NOT_BEFORE;
  const [rootName, caName] = ["Intel SGX Root CA", `Intel SGX PCK ${kind} CA`];
  const root = makeTestCertificate({
    subject: rootName,
    issuer: rootName,
    key: keys.root,
    issuerKey: keys.root,
    notBefore: TEST_NOT_BEFORE,
    notAfter: Date.UTC(2049, 11, 31, 23, 59, 59) / 1000,
    pathLength: 1,
  });
  const ca = makeTestCertificate({
    subject: caName,
    issuer: rootName,
    key: keys.ca,
    issuerKey: keys.root,
    notBefore: TEST_NOT_BEFORE,
    notAfter: options.caNotAfter ?? TEST_NOT_BEFORE + 15 * 365 * DAY,
    pathLength: 0,
  });
  const leaf = makeTestCertificate({
    subject: "Intel SGX PCK Certificate",
    issuer: caName,
    key: keys.leaf,
    issuerKey: keys.ca,
    notBefore,
    notAfter: options.notAfter ?? notBefore + 7 * 365 * DAY,
    extensions: [sgxExtension({ ...TEST_FACTS, ...options.facts })],
  });
  return { rootPublicKey: keys.root.publicKey, chain: [leaf, ca, root], keys };
}

/** Fields of a TD's report by name, with the bytes that a sound TD has there. */
const TD_FIELDS = [
  ["teeTcbSvn", Buffer.from("05010700000000000000000000000000", "hex")],
  ["mrSeam", Buffer.alloc(48, 0x5e)],
  ["mrSignerSeam", Buffer.alloc(48)],
  ["seamAttributes", Buffer.alloc(8)],
  ["tdAttributes", Buffer.from("0000001000000000", "hex")], // SEPT_VE_DISABLE
  ["xfam", Buffer.from("e702060000000000", "hex")],
  ["mrTd", Buffer.alloc(48, 0x1d)],
  ["mrConfigId", Buffer.alloc(48)],
  ["mrOwner", Buffer.alloc(48)],
  ["mrOwnerConfig", Buffer.alloc(48)],
  ["rtmr0", Buffer.alloc(48, 0xa0)],
  ["rtmr1", Buffer.alloc(48, 0xa1)],
  ["rtmr2", Buffer.alloc(48, 0xa2)],
  ["rtmr3", Buffer.alloc(48, 0xa3)],
  ["reportData", Buffer.alloc(64)],
  ["teeTcbSvn2", Buffer.from("05010700000000000000000000000000", "hex")],
  ["mrServiceTd", Buffer.alloc(48)],
] as const;
export type TestTdField = (typeof TD_FIELDS)[number][0];
const TD15_ONLY: ReadonlySet<TestTdField> = new Set(["teeTcbSvn2", "mrServiceTd"]);

/** Parts of a quote that a test may want otherwise; lengths are the caller's business. */
export interface TestQuoteOptions {
  /** [64] */
  readonly reportData: Uint8Array;
  /** 4 has a TD 1.0 body; 5 has either. */
  readonly version?: 4 | 5;
  readonly body?: "td10" | "td15";
  readonly td?: Partial<Readonly<Record<TestTdField, Uint8Array>>>;
  readonly qe?: {
    readonly mrSigner?: Uint8Array;
    readonly isvProdId?: number;
    readonly isvSvn?: number;
    readonly miscSelect?: number;
    /** [16] */
    readonly attributes?: Uint8Array;
    /** [64] */
    readonly reportData?: Uint8Array;
  };
  readonly header?: {
    readonly keyType?: number;
    readonly teeType?: number;
    readonly vendor?: Uint8Array;
    readonly version?: number;
  };
  /** Signs the quote instead of the machine's attestation key, which the quoting enclave still names. */
  readonly signer?: TestP256Key;
  /** Stands in the quote instead of the machine's attestation key. */
  readonly attestationKey?: TestP256Key;
}

/** A whole quote, certificates included. */
export function makeTestQuote(machine: TestMachine, options: TestQuoteOptions): Buffer {
  const attestation = options.attestationKey ?? machine.keys.attestation;
  const signed = Buffer.concat([testHeader(options), testBody(options)]);
  const authData = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  const qeReport = testQeReport(attestation, authData, options.qe ?? {});
  const chain = Buffer.from(`${machine.chain.map(toPem).join("")}\0`);
  const qeData = Buffer.concat([
    qeReport,
    signP256(machine.keys.leaf, qeReport),
    u16(authData.length),
    authData,
    u16(5),
    u32(chain.length),
    chain,
  ]);
  const signature = Buffer.concat([
    signP256(options.signer ?? attestation, signed),
    attestation.publicKey,
    u16(6),
    u32(qeData.length),
    qeData,
  ]);
  return Buffer.concat([signed, u32(signature.length), signature]);
}

function testHeader({ version = 4, body = "td10", header = {} }: TestQuoteOptions): Buffer {
  const vendor = header.vendor ?? Buffer.from(INTEL_VENDOR, "hex");
  const start = Buffer.concat([
    u16(header.version ?? version),
    u16(header.keyType ?? 2),
    u32(header.teeType ?? 0x81),
    Buffer.alloc(4),
    vendor,
    Buffer.alloc(20),
  ]);
  return version === 4
    ? start
    : Buffer.concat([start, u16(body === "td10" ? 2 : 3), u32(body === "td10" ? 584 : 648)]);
}

function testBody({ body = "td10", td = {}, reportData }: TestQuoteOptions): Buffer {
  const given: TestQuoteOptions["td"] = { reportData, ...td };
  return Buffer.concat(
    TD_FIELDS.filter(([name]) => body === "td15" || !TD15_ONLY.has(name)).map(
      ([name, usual]) => given[name] ?? usual,
    ),
  );
}

function testQeReport(
  attestation: TestP256Key,
  authData: Buffer,
  qe: NonNullable<TestQuoteOptions["qe"]>,
): Buffer {
  const report = Buffer.alloc(384);
  report.fill(0x0c, 0, 16); // CPUSVN, which the certificate repeats
  report.writeUInt32LE(qe.miscSelect ?? 0, 16);
  report.set(qe.attributes ?? Buffer.from("1500000000000000e700000000000000", "hex"), 48);
  report.fill(0x9e, 64, 96); // MRENCLAVE
  report.set(qe.mrSigner ?? Buffer.from(QE_MRSIGNER, "hex"), 128);
  report.writeUInt16LE(qe.isvProdId ?? 2, 256);
  report.writeUInt16LE(qe.isvSvn ?? 4, 258);
  const digest = createHash("sha256").update(attestation.publicKey).update(authData).digest();
  report.set(qe.reportData ?? Buffer.concat([digest, Buffer.alloc(32)]), 320);
  return report;
}

export function toPem(certificate: Uint8Array): string {
  const lines = Buffer.from(certificate)
    .toString("base64")
    .match(/.{1,64}/g);
  return `-----BEGIN CERTIFICATE-----\n${(lines ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
