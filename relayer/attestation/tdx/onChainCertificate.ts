import { beginCell, type Cell } from "@ton/core";
import type { P256Signature } from "../../../wrappers/p256";
import { chain, layout, MAX_CELL_BYTES, sha256, signatureCell, split, toUint } from "./onChainCut";

// Intel's certificates in the cells that `contracts/shared/intel-certificate.tact` reads.

/** DER of something signed: the signed part and the signature. */
export interface SignedDer {
  readonly tbs: Buffer;
  readonly signature: P256Signature;
}

const VALIDITY = Buffer.from("301e170d", "hex");
const KEY_START = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
const KEY_BYTES = KEY_START.length + 64;
const C_BYTES = 126;
const CONSTRAINTS_BYTES = 20;
const FIRST_VERSION = Buffer.from("060b2a864886f84d010d01020102", "hex");
const CPU_SVN = Buffer.from("301f060b2a864886f84d010d0102120410", "hex");
const VERSIONS = 17;

/** An authority's certificate under the root key x ‖ y, for `RegisterAuthority`. */
export function cutAuthority(certificate: Uint8Array, rootKey: Uint8Array): Cell {
  const { tbs, signature } = takeSigned(certificate);
  const { head, rest } = cutHead(tbs);
  const middle = rest.subarray(0, rest.length - CONSTRAINTS_BYTES);
  return beginCell()
    .storeRef(signatureCell(tbs, signature, rootKey))
    .storeRef(chain([...head, ...split(middle, 2), rest.subarray(middle.length)]))
    .endCell();
}

/** The certificate of a signer of documents under the root key x ‖ y. */
export function cutSigner(certificate: Uint8Array, rootKey: Uint8Array): Cell {
  const { tbs, signature } = takeSigned(certificate);
  const { head, rest } = cutHead(tbs);
  return beginCell()
    .storeRef(signatureCell(tbs, signature, rootKey))
    .storeRef(chain([...head, ...split(rest, 2)]))
    .endCell();
}

/** A machine's certificate under its authority's key x ‖ y, which goes with it. */
export function cutMachine({ tbs, signature }: SignedDer, authorityKey: Uint8Array): Cell {
  return beginCell()
    .storeBuffer(Buffer.from(authorityKey))
    .storeRef(signatureCell(tbs, signature, authorityKey))
    .storeRef(chain(cutLeaf(tbs)))
    .endCell();
}

/** SHA-256 of the key of an authority's certificate. */
export function authorityOf(certificate: Uint8Array): bigint {
  return sha256(publicKeyOf(takeSigned(certificate).tbs));
}

/** SHA-256 of the signed part of a machine's certificate, by which the chain knows it. */
export function leafHashOf(certificate: Uint8Array): bigint {
  return sha256(takeSigned(certificate).tbs);
}

/** x ‖ y of a certificate's key. */
export function publicKeyOf(tbs: Buffer): Buffer {
  const at = tbs.indexOf(KEY_START);
  if (at < 0) {
    throw layout("certificate");
  }
  return tbs.subarray(at + KEY_START.length, at + KEY_BYTES);
}

/** Of a DER certificate or revocation list. */
export function takeSigned(bytes: Uint8Array): SignedDer {
  const der = Buffer.from(bytes);
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
  const entries: Buffer[] = [];
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
