import { createHash } from "node:crypto";
import { beginCell, type Cell } from "@ton/core";
import {
  decodeP256Point,
  decodeP256Signature,
  hintedSignature,
  type P256Point,
  type P256Signature,
} from "../../../wrappers/p256";
import { FinalError } from "../../errors";

// Cuts a quote and its certificates into the cells that TeePlatform and AttestationRegistry read. Nothing is verified
// here: what is cut from a bad quote is refused on chain.

const TD10_SIGNED = [112, 120, 96, 96, 96, 112];
const V5_EXTRA = 6;
const TD15_EXTRA = 64;
const QE_REPORT = [96, 96, 96, 96];
const BIND = [124, 97, 48];
const MAX_CELL_BYTES = 127;

/** The parts of a quote that the contracts read, byte for byte. */
export interface QuoteParts {
  readonly signed: Uint8Array;
  /** r ‖ s. */
  readonly signature: Uint8Array;
  /** x ‖ y. */
  readonly attestationKey: Uint8Array;
  readonly qeReport: Uint8Array;
  readonly qeSignature: Uint8Array;
  readonly qeAuthData: Uint8Array;
  /** DER: the machine's certificate and its authority's. */
  readonly leaf: Uint8Array;
  readonly authority: Uint8Array;
}

/** The cells for each path, and the accounts that they belong to. */
export interface OnChainQuote {
  /** SHA-256 of the authority's key and of the machine's signed certificate: with the registry, the machine's address. */
  readonly authority: bigint;
  readonly leafHash: bigint;
  /** Of the attestation key, as TeePlatform remembers it. */
  readonly attestationKey: bigint;
  readonly quote: Cell;
  readonly qe: Cell;
  readonly leaf: Cell;
}

/** Throws `ATTESTATION_REFUSED` for a layout that the contracts do not know. */
export function cutQuote(parts: QuoteParts): OnChainQuote {
  const leaf = takeCertificate(parts.leaf);
  const authorityKey = publicKeyOf(takeCertificate(parts.authority).tbs);
  const { tbs } = leaf;
  return {
    authority: sha256(authorityKey),
    leafHash: sha256(tbs),
    attestationKey: sha256(parts.attestationKey),
    quote: beginCell()
      .storeBuffer(Buffer.from(parts.attestationKey))
      .storeRef(signatureCell(parts.signed, decodeP256Signature(parts.signature), parts.attestationKey))
      .storeRef(chain(cut(parts.signed, signedSizes(parts.signed))))
      .endCell(),
    qe: beginCell()
      .storeRef(signatureCell(parts.qeReport, decodeP256Signature(parts.qeSignature), publicKeyOf(tbs)))
      .storeRef(chain(cut(parts.qeReport, QE_REPORT)))
      .storeRef(beginCell().storeBuffer(Buffer.from(parts.qeAuthData)))
      .endCell(),
    leaf: beginCell()
      .storeBuffer(authorityKey)
      .storeRef(signatureCell(tbs, leaf.signature, authorityKey))
      .storeRef(chain(cutLeaf(tbs)))
      .endCell(),
  };
}

/** An authority's certificate under the root key x ‖ y, for `RegisterAuthority`. */
export function cutAuthority(certificate: Uint8Array, rootKey: Uint8Array): Cell {
  const { tbs, signature } = takeCertificate(certificate);
  const { head, rest } = cutHead(tbs);
  const constraints = 20;
  const middle = rest.subarray(0, rest.length - constraints);
  return beginCell()
    .storeRef(signatureCell(tbs, signature, rootKey))
    .storeRef(chain([...head, ...split(middle, 2), rest.subarray(middle.length)]))
    .endCell();
}

/** SHA-256 of the key of an authority's certificate. */
export function authorityOf(certificate: Uint8Array): bigint {
  return sha256(publicKeyOf(takeCertificate(certificate).tbs));
}

/** An encoded bind statement. */
export function cutBind(bind: Uint8Array): Cell {
  return chain(cut(bind, BIND));
}

/** `QuoteCertification`. */
export function certificationCell(qe: Cell, leaf: Cell | undefined): Cell {
  return beginCell()
    .storeRef(qe)
    .storeMaybeRef(leaf ?? null)
    .endCell();
}

/** Signature and hints. Throws `ATTESTATION_REFUSED` for one of the few signatures that have none. */
function signatureCell(message: Uint8Array, signature: P256Signature, key: Uint8Array): Cell {
  try {
    return hintedSignature(sha256(message), signature, pointOf(key));
  } catch (cause) {
    throw new FinalError("ATTESTATION_REFUSED", "A signature cannot be verified on chain.", {}, { cause });
  }
}

const pointOf = (key: Uint8Array): P256Point => decodeP256Point(key);

/** Version 4 signs 632 bytes, version 5 six more, and a TD 1.5 body 64 more at its end. */
function signedSizes(signed: Uint8Array): number[] {
  const [first = 0, ...rest] = TD10_SIGNED;
  const sizes = (signed[0] === 5 ? [first + V5_EXTRA] : [first]).concat(rest);
  const known = sizes.reduce((sum, size) => sum + size, 0);
  return signed.length === known + TD15_EXTRA ? [...sizes, TD15_EXTRA] : sizes;
}

const VALIDITY = Buffer.from("301e170d", "hex");
const KEY_START = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
const KEY_BYTES = KEY_START.length + 64;
const C_BYTES = 126;
const FIRST_VERSION = Buffer.from("060b2a864886f84d010d01020102", "hex");
const CPU_SVN = Buffer.from("301f060b2a864886f84d010d0102120410", "hex");
const VERSIONS = 17;

/** Cells A to D, and what follows them. */
function cutHead(tbs: Buffer): { readonly head: Buffer[]; readonly rest: Buffer } {
  const validity = tbs.indexOf(VALIDITY);
  const key = tbs.indexOf(KEY_START);
  const c = validity + C_BYTES;
  if (validity < 0 || key < c) {
    throw layout("certificate");
  }
  const end = key + KEY_BYTES;
  return {
    head: [...split(tbs.subarray(0, validity), 2), tbs.subarray(validity, c), tbs.subarray(c, end)],
    rest: tbs.subarray(end),
  };
}

function cutLeaf(tbs: Buffer): Buffer[] {
  const { head, rest } = cutHead(tbs);
  const first = rest.indexOf(FIRST_VERSION) - 2;
  const cpuSvn = rest.indexOf(CPU_SVN);
  if (first < 0 || cpuSvn < first) {
    throw layout("machine's certificate");
  }
  const entries = [];
  for (let at = first; at < cpuSvn; at += 2 + (rest[at + 1] ?? 0)) {
    entries.push(rest.subarray(at, at + 2 + (rest[at + 1] ?? 0)));
  }
  if (entries.length !== VERSIONS) {
    throw layout("machine's certificate");
  }
  const versions = [entries.slice(0, 6), entries.slice(6, 12), entries.slice(12)].map((group) =>
    Buffer.concat(group),
  );
  const tail = cpuSvn + MAX_CELL_BYTES;
  return [
    ...head,
    ...split(rest.subarray(0, first), 3),
    ...versions,
    rest.subarray(cpuSvn, tail),
    rest.subarray(tail),
  ];
}

/** The signed part and the signature of a DER certificate. */
function takeCertificate(certificate: Uint8Array): {
  readonly tbs: Buffer;
  readonly signature: P256Signature;
} {
  const der = Buffer.from(certificate);
  const outer = elementAt(der, 0);
  const tbs = elementAt(der, outer.start);
  const algorithm = elementAt(der, tbs.end);
  const bits = elementAt(der, algorithm.end);
  const pair = elementAt(der, bits.start + 1);
  const r = elementAt(der, pair.start);
  const s = elementAt(der, r.end);
  return {
    tbs: der.subarray(outer.start, tbs.end),
    signature: { r: toUint(der.subarray(r.start, r.end)), s: toUint(der.subarray(s.start, s.end)) },
  };
}

/** Where the content of the DER element lies that begins there. */
function elementAt(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const short = der[at + 1] ?? 0;
  const size = short < 0x80 ? 0 : short - 0x80;
  if (at + 2 + size > der.length || size > 2) {
    throw layout("certificate");
  }
  const start = at + 2 + size;
  const end = start + (size === 0 ? short : der.readUIntBE(at + 2, size));
  if (end > der.length) {
    throw layout("certificate");
  }
  return { start, end };
}

function publicKeyOf(tbs: Buffer): Buffer {
  const at = tbs.indexOf(KEY_START);
  if (at < 0) {
    throw layout("certificate");
  }
  return tbs.subarray(at + KEY_START.length, at + KEY_BYTES);
}

function chain(parts: readonly Uint8Array[]): Cell {
  const last = parts.reduceRight<Cell | undefined>((next, part) => {
    const cell = beginCell().storeBuffer(Buffer.from(part));
    return (next === undefined ? cell : cell.storeRef(next)).endCell();
  }, undefined);
  return last ?? beginCell().endCell();
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Buffer[] {
  if (sizes.reduce((sum, size) => sum + size, 0) !== bytes.length) {
    throw layout("quote");
  }
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return Buffer.from(bytes.subarray(at - size, at));
  });
}

/** Exactly so many pieces, about equally long. */
function split(bytes: Buffer, count: number): Buffer[] {
  const size = Math.ceil(bytes.length / count);
  if (size > MAX_CELL_BYTES) {
    throw layout("certificate");
  }
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

function layout(what: string): FinalError {
  return new FinalError("ATTESTATION_REFUSED", `The ${what} has a layout that cannot be verified on chain.`);
}

function sha256(bytes: Uint8Array): bigint {
  return toUint(createHash("sha256").update(bytes).digest());
}

function toUint(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
