import type { KeyObject } from "node:crypto";
import { FinalError } from "../../errors";
import {
  bitStringBytes,
  childrenOf,
  createCursor,
  type DerNode,
  derTime,
  integerHex,
  oidText,
  readWhole,
  smallInteger,
  TAG,
} from "./der";
import { publicKeyOf } from "./signature";

const OID = { commonName: "2.5.4.3", keyUsage: "2.5.29.15", basicConstraints: "2.5.29.19" } as const;
const KEY_CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;
const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

/** What the checks need of an X.509 certificate. Names are compared as their exact DER. */
export interface Certificate {
  readonly raw: Buffer;
  /** The signed bytes. */
  readonly signed: Buffer;
  readonly algorithm: Buffer;
  readonly signature: Buffer;
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly commonName: string;
  /** Unix seconds, both included. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Buffer;
  readonly publicKey: KeyObject;
  readonly isAuthority: boolean;
  /** Authorities that may stand between this one and the leaf; undefined: any number. */
  readonly pathLength: number | undefined;
  readonly maySignCertificates: boolean;
  readonly maySignCrls: boolean;
  /** Contents of each extension by object identifier. */
  readonly extensions: ReadonlyMap<string, Buffer>;
  /** Extensions marked critical that nothing here understands: such a certificate must not be relied on. */
  readonly unknownCritical: readonly string[];
}

/** Parses one certificate. Throws `ATTESTATION_REFUSED`. */
export function parseCertificate(der: Buffer): Certificate {
  const outer = createCursor(childrenOf(readWhole(der, TAG.sequence)));
  const signedNode = outer.take(TAG.sequence);
  const algorithm = outer.take(TAG.sequence).raw;
  const signature = bitStringBytes(outer.take(TAG.bitString));
  outer.end();

  const fields = createCursor(childrenOf(signedNode));
  fields.take(TAG.version);
  const serial = integerHex(fields.take(TAG.integer));
  if (!fields.take(TAG.sequence).raw.equals(algorithm)) {
    throw refused("A certificate names two signature algorithms.");
  }
  const issuer = fields.take(TAG.sequence).raw;
  const dates = createCursor(childrenOf(fields.take(TAG.sequence)));
  const notBefore = derTime(dates.take(TAG.utcTime, TAG.generalizedTime));
  const notAfter = derTime(dates.take(TAG.utcTime, TAG.generalizedTime));
  const subject = fields.take(TAG.sequence);
  const publicKeyInfo = fields.take(TAG.sequence).raw;
  const extensions = readExtensions(fields.takeIf(TAG.extensions));
  fields.end();
  return {
    raw: der,
    signed: signedNode.raw,
    algorithm,
    signature,
    serial,
    issuer,
    subject: subject.raw,
    commonName: commonNameOf(subject),
    notBefore,
    notAfter,
    publicKeyInfo,
    publicKey: publicKeyOf(publicKeyInfo),
    ...authorityOf(extensions.contents),
    extensions: extensions.contents,
    unknownCritical: extensions.critical.filter(
      (oid) => oid !== OID.keyUsage && oid !== OID.basicConstraints,
    ),
  };
}

/** The certificates of a PEM text, in order; what stands between them is ignored. */
export function readPem(text: string): Buffer[] {
  return text
    .split(BEGIN)
    .slice(1)
    .map((part) => {
      const end = part.indexOf(END);
      if (end < 0) {
        throw refused("A PEM certificate has no end.");
      }
      return Buffer.from(part.slice(0, end), "base64");
    });
}

function readExtensions(node: DerNode | undefined) {
  const contents = new Map<string, Buffer>();
  const critical: string[] = [];
  const list = node === undefined ? [] : childrenOf(readWhole(node.value, TAG.sequence));
  for (const extension of list) {
    const parts = createCursor(childrenOf(extension));
    const oid = oidText(parts.take(TAG.oid));
    if ((parts.takeIf(TAG.boolean)?.value[0] ?? 0) !== 0) {
      critical.push(oid);
    }
    if (contents.has(oid)) {
      throw refused("A certificate holds an extension twice.");
    }
    contents.set(oid, parts.take(TAG.octetString).value);
    parts.end();
  }
  return { contents, critical };
}

function authorityOf(extensions: ReadonlyMap<string, Buffer>) {
  const constraints = extensions.get(OID.basicConstraints);
  const usage = extensions.get(OID.keyUsage);
  const parts = createCursor(
    constraints === undefined ? [] : childrenOf(readWhole(constraints, TAG.sequence)),
  );
  const isAuthority = (parts.takeIf(TAG.boolean)?.value[0] ?? 0) !== 0;
  const pathLength = parts.takeIf(TAG.integer);
  parts.end();
  const bits = usage === undefined ? 0xff : (readWhole(usage, TAG.bitString).value[1] ?? 0);
  return {
    isAuthority,
    pathLength: pathLength === undefined ? undefined : smallInteger(pathLength),
    maySignCertificates: (bits & KEY_CERT_SIGN) !== 0,
    maySignCrls: (bits & CRL_SIGN) !== 0,
  };
}

function commonNameOf(name: DerNode): string {
  for (const set of childrenOf(name)) {
    for (const attribute of childrenOf(set)) {
      const [type, value] = childrenOf(attribute);
      if (type !== undefined && value !== undefined && oidText(type) === OID.commonName) {
        return value.value.toString("utf8");
      }
    }
  }
  return "";
}

function refused(message: string): FinalError {
  return new FinalError("ATTESTATION_REFUSED", message);
}
