import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import {
  DER,
  der,
  derBits,
  derInteger,
  derOctets,
  derOid,
  derTime,
  derTrue,
  sequence,
} from "./makeTestQuoteDer";

// Certificates of Intel's shape under a root of one's own: for tests, and for networks that pin such a root.

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ECDSA_SHA256 = sequence(derOid("1.2.840.10045.4.3.2"));
const EC_P256 = sequence(derOid("1.2.840.10045.2.1"), derOid("1.2.840.10045.3.1.7"));
const SGX = "1.2.840.113741.1.13.1";
const KEY_USAGE = { ca: "03020106", leaf: "030206c0" } as const;

/** A P-256 key pair whose secret follows from a seed and a name. */
export interface TestP256Key {
  readonly privateKey: KeyObject;
  /** x ‖ y [64]. */
  readonly publicKey: Buffer;
}

export function testP256Key(seed: Uint8Array, name: string): TestP256Key {
  const digest = createHash("sha512").update(seed).update("\0").update(name).digest("hex");
  const scalar = (BigInt(`0x${digest}`) % (ORDER - 1n)) + 1n;
  const secret = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(secret);
  const publicKey = ecdh.getPublicKey().subarray(1);
  const text = (bytes: Buffer) => bytes.toString("base64url");
  const jwk = {
    kty: "EC",
    crv: "P-256",
    d: text(secret),
    x: text(publicKey.subarray(0, 32)),
    y: text(publicKey.subarray(32)),
  };
  return { privateKey: createPrivateKey({ key: jwk, format: "jwk" }), publicKey };
}

/** r ‖ s [64] over SHA-256 of the message. */
export function signP256(key: TestP256Key, message: Uint8Array): Buffer {
  return sign("sha256", message, { key: key.privateKey, dsaEncoding: "ieee-p1363" });
}

/** What a certificate made here says; dates in unix seconds. */
export interface TestCertificateFields {
  readonly subject: string;
  readonly issuer: string;
  readonly key: TestP256Key;
  readonly issuerKey: TestP256Key;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Path length for a CA; absent for a leaf. */
  readonly pathLength?: number;
  readonly crlUrl?: string;
  /** DER of further extensions, at the end. */
  readonly extensions?: readonly Uint8Array[];
}

/** DER of an X.509 certificate with Intel's order of fields and extensions. */
export function makeTestCertificate(fields: TestCertificateFields): Buffer {
  const tbs = sequence(
    der(0xa0, derInteger(2)),
    derInteger(BigInt(`0x7f${keyId(fields.key).toString("hex").slice(2)}`)),
    ECDSA_SHA256,
    intelName(fields.issuer),
    sequence(derTime(fields.notBefore), derTime(fields.notAfter)),
    intelName(fields.subject),
    sequence(EC_P256, derBits(Buffer.concat([Buffer.from([4]), fields.key.publicKey]))),
    der(0xa3, sequence(...standardExtensions(fields), ...(fields.extensions ?? []))),
  );
  const signature = sign("sha256", tbs, fields.issuerKey.privateKey);
  return sequence(tbs, ECDSA_SHA256, derBits(signature));
}

export function keyId(key: TestP256Key): Buffer {
  return createHash("sha1")
    .update(Buffer.concat([Buffer.from([4]), key.publicKey]))
    .digest();
}

/** A name with the given common name and Intel's place. */
export function intelName(commonName: string): Buffer {
  const part = (arc: number, tag: number, text: string) =>
    der(DER.set, sequence(derOid(`2.5.4.${arc}`), der(tag, Buffer.from(text))));
  return sequence(
    part(3, DER.utf8, commonName),
    part(10, DER.utf8, "Intel Corporation"),
    part(7, DER.utf8, "Santa Clara"),
    part(8, DER.utf8, "CA"),
    part(6, DER.printable, "US"),
  );
}

/** DER of one extension. */
export function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(derOid(oid), ...(critical ? [derTrue] : []), derOctets(value));
}

function standardExtensions(fields: TestCertificateFields): Buffer[] {
  const { pathLength, crlUrl = "https://localhost/test.crl" } = fields;
  const isCa = pathLength !== undefined;
  const url = der(0xa0, der(0xa0, der(0x86, Buffer.from(crlUrl))));
  return [
    extension("2.5.29.35", false, sequence(der(0x80, keyId(fields.issuerKey)))),
    extension("2.5.29.31", false, sequence(sequence(url))),
    extension("2.5.29.14", false, derOctets(keyId(fields.key))),
    extension("2.5.29.15", true, Buffer.from(isCa ? KEY_USAGE.ca : KEY_USAGE.leaf, "hex")),
    extension("2.5.29.19", true, isCa ? sequence(derTrue, derInteger(pathLength)) : sequence()),
  ];
}

/** What Intel certifies of a machine. */
export interface TestPlatformFacts {
  /** [6] */
  readonly fmspc: Uint8Array;
  /** Security versions of the 16 components. */
  readonly components: readonly number[];
  readonly pceSvn: number;
}

/** Intel's SGX extension of a PCK certificate. */
export function sgxExtension(facts: TestPlatformFacts): Buffer {
  const entry = (suffix: string, value: Uint8Array) => sequence(derOid(`${SGX}.${suffix}`), value);
  const cpuSvn = Buffer.from(facts.components);
  const tcb = sequence(
    ...facts.components.map((svn, index) => entry(`2.${index + 1}`, derInteger(svn))),
    entry("2.17", derInteger(facts.pceSvn)),
    entry("2.18", derOctets(cpuSvn)),
  );
  const enabled = derTrue;
  const body = sequence(
    entry("1", derOctets(Buffer.alloc(16, 0x11))),
    entry("2", tcb),
    entry("3", derOctets(Buffer.alloc(2))),
    entry("4", derOctets(facts.fmspc)),
    entry("5", der(DER.enumerated, Buffer.from([1]))),
    entry("6", derOctets(Buffer.alloc(16, 0x22))),
    entry("7", sequence(entry("7.1", enabled), entry("7.2", enabled), entry("7.3", enabled))),
  );
  return extension(SGX, false, body);
}
