import type { Certificate } from "./certificate";
import type { Crl } from "./crl";
import type { isDerSigned } from "./signature";

/** What can be wrong with a chain; a verdict puts the chain's name before it. */
export const CHAIN_FAULTS = [
  "length",
  "root",
  "dates",
  "issuer",
  "authority",
  "signature",
  "extension",
  "revocationUnknown",
  "revoked",
] as const;
export type ChainFault = (typeof CHAIN_FAULTS)[number];

export interface ChainExpectations {
  /** SubjectPublicKeyInfo of the root: the one thing that is trusted before anything is read. */
  readonly rootKeyInfo: Buffer;
  readonly nowSeconds: number;
  /** Lists that are verified already. Undefined: this chain's maker publishes none. */
  readonly crls: readonly Crl[] | undefined;
  /** Certificates from leaf to root, both included. */
  readonly length: number;
  /** `isDerSigned`, or one that remembers. */
  readonly isSigned: typeof isDerSigned;
}

/** Every fault of a chain, ordered leaf to root; an empty list means that it holds. */
export function chainFaults(chain: readonly Certificate[], expected: ChainExpectations): Set<ChainFault> {
  const faults = new Set<ChainFault>();
  const check = (fault: ChainFault, holds: boolean): void => {
    if (!holds) {
      faults.add(fault);
    }
  };
  check("length", chain.length === expected.length);
  check("root", chain.at(-1)?.publicKeyInfo.equals(expected.rootKeyInfo) ?? false);
  chain.forEach((certificate, index) => {
    const { notBefore, notAfter } = certificate;
    // The root has signed itself.
    const above = chain[index + 1] ?? certificate;
    const isLeaf = index === 0;
    check("dates", notBefore <= expected.nowSeconds && expected.nowSeconds <= notAfter);
    check("issuer", certificate.issuer.equals(above.subject));
    check("signature", expected.isSigned(above.publicKey, certificate));
    check("extension", certificate.unknownCritical.length === 0);
    check("authority", isLeaf ? !certificate.isAuthority : mayStandAt(certificate, index));
    const isRoot = index === chain.length - 1;
    if (!isRoot && expected.crls !== undefined) {
      const list = expected.crls.find((crl) => crl.issuer.equals(above.subject));
      check("revocationUnknown", list !== undefined);
      check("revoked", list === undefined || !list.revoked.has(certificate.serial));
    }
  });
  return faults;
}

/** `index` - 1 authorities stand between this one and the leaf. */
function mayStandAt(certificate: Certificate, index: number): boolean {
  return (
    certificate.isAuthority &&
    certificate.maySignCertificates &&
    (certificate.pathLength === undefined || index - 1 <= certificate.pathLength)
  );
}
