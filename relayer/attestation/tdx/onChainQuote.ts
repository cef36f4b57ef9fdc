import { beginCell, type Cell } from "@ton/core";
import { decodeP256Signature } from "../../../wrappers/p256";
import { cutMachine, publicKeyOf, takeSigned } from "./onChainCertificate";
import { chain, cut, sha256, signatureCell } from "./onChainCut";

// Cuts a quote and its certificates into the cells that TeePlatform and AttestationRegistry read. Nothing is verified
// here: what is cut from a bad quote is refused on chain.

const TD10_SIGNED = [112, 120, 96, 96, 96, 112];
const V5_EXTRA = 6;
const TD15_EXTRA = 64;
const QE_REPORT = [96, 96, 96, 96];
const BIND = [124, 97, 48];

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
  const leaf = takeSigned(parts.leaf);
  const authorityKey = publicKeyOf(takeSigned(parts.authority).tbs);
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
    leaf: cutMachine(leaf, authorityKey),
  };
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

/** Version 4 signs 632 bytes, version 5 six more, and a TD 1.5 body 64 more at its end. */
function signedSizes(signed: Uint8Array): number[] {
  const [first = 0, ...rest] = TD10_SIGNED;
  const sizes = (signed[0] === 5 ? [first + V5_EXTRA] : [first]).concat(rest);
  const known = sizes.reduce((sum, size) => sum + size, 0);
  return signed.length === known + TD15_EXTRA ? [...sizes, TD15_EXTRA] : sizes;
}
