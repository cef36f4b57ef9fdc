import { type Certificate, parseCertificate, readPem } from "../certificates/certificate";
import { type ChainFault, chainFaults } from "../certificates/checkChain";
import { type Crl, parseCrl } from "../certificates/crl";
import { createSignatureMemo, isDerSigned, isP256Signed } from "../certificates/signature";
import type { Collateral, SignedText } from "./collateral";
import { parseQeIdentity, parseTcbInfo, type QeIdentity, type TcbInfo } from "./tcbInfo";

const CHAINS = ["pckChain", "tcbInfoChain", "qeIdentityChain"] as const;
const CRLS = ["rootCrl", "pckCrl"] as const;
const DOCUMENTS = ["tcbInfo", "qeIdentity"] as const;
type ChainName = (typeof CHAINS)[number];
type CrlName = (typeof CRLS)[number];
type DocumentName = (typeof DOCUMENTS)[number];

/** Checks of what Intel signed, by name. */
export type CollateralCheck =
  | `${ChainName}.${"format" | "role" | ChainFault}`
  | `${CrlName}.${"format" | "issuer" | "signature" | "dates"}`
  | `${DocumentName}.${"format" | "signature" | "dates" | "evaluationNumber"}`
  | "pckCrl.stale"
  | `${DocumentName}.stale`;

export type Check<Name extends string> = (name: Name, holds: boolean) => void;

export interface CollateralExpectations {
  /** SubjectPublicKeyInfo of the pinned root. */
  readonly rootKeyInfo: Buffer;
  readonly nowSeconds: number;
  /** TCB info, QE identity and the machines' revocation list must have been issued within this time. */
  readonly maxAgeSeconds: number;
  /** The least `tcbEvaluationDataNumber`: Intel raises it when it publishes new levels. */
  readonly minEvaluationNumber: number;
}

export interface CheckedCollateral {
  /** Absent when it did not parse. Present does not mean valid: the verdict's failed checks say that. */
  readonly tcbInfo: TcbInfo | undefined;
  readonly qeIdentity: QeIdentity | undefined;
  /** The machine's certificate. */
  readonly pck: Certificate | undefined;
  /** Unix seconds from which some part would no longer pass. */
  readonly validUntil: number;
}

const TCB_SIGNER = "Intel SGX TCB Signing";
const PCK_ROLES: readonly (readonly string[])[] = [
  ["Intel SGX PCK Certificate"],
  ["Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA"],
  ["Intel SGX Root CA"],
];
const SIGNER_ROLES: readonly (readonly string[])[] = [[TCB_SIGNER], ["Intel SGX Root CA"]];

/** Checks everything that Intel signed: three chains, two revocation lists, TCB info and QE identity. */
export function checkCollateral(
  pckPem: string,
  collateral: Collateral,
  expected: CollateralExpectations,
  check: Check<CollateralCheck>,
): CheckedCollateral {
  const { nowSeconds, maxAgeSeconds } = expected;
  const ends: number[] = [];
  const isSignedOnce = createSignatureMemo();
  const readChain = createChainReader(check);
  const pckChain = readChain("pckChain", pckPem);
  const tcbChain = readChain("tcbInfoChain", collateral.tcbInfo.chain);
  const qeChain = readChain("qeIdentityChain", collateral.qeIdentity.chain);

  const crlOf = (name: CrlName, bytes: Buffer, issuer: Certificate | undefined): Crl | undefined => {
    const crl = attempt(() => parseCrl(bytes));
    check(`${name}.format`, crl !== undefined);
    if (crl === undefined || issuer === undefined) {
      return undefined;
    }
    const isIssuers = issuer.maySignCrls && crl.issuer.equals(issuer.subject);
    const isSigned = isDerSigned(issuer.publicKey, crl);
    check(`${name}.issuer`, isIssuers);
    check(`${name}.signature`, isSigned);
    check(`${name}.dates`, crl.thisUpdate <= nowSeconds && nowSeconds <= crl.nextUpdate);
    ends.push(crl.nextUpdate);
    if (name === "pckCrl") {
      // The root's list changes about once a year, so only its dates count.
      check("pckCrl.stale", nowSeconds - crl.thisUpdate <= maxAgeSeconds);
      ends.push(crl.thisUpdate + maxAgeSeconds);
    }
    return isIssuers && isSigned ? crl : undefined;
  };
  const root = pckChain.find(({ publicKeyInfo }) => publicKeyInfo.equals(expected.rootKeyInfo));
  const lists = [
    crlOf("rootCrl", collateral.rootCrl, root),
    crlOf("pckCrl", collateral.pckCrl, pckChain[1]),
  ].filter((list) => list !== undefined);

  const checkOne = (
    name: ChainName,
    chain: readonly Certificate[],
    roles: readonly (readonly string[])[],
  ) => {
    const { rootKeyInfo } = expected;
    const faults = chainFaults(chain, {
      rootKeyInfo,
      nowSeconds,
      crls: lists,
      length: roles.length,
      isSigned: isSignedOnce,
    });
    for (const fault of faults) {
      check(`${name}.${fault}`, false);
    }
    const hasRoles = chain.every(({ commonName }, index) => roles[index]?.includes(commonName) ?? false);
    check(`${name}.role`, hasRoles);
    ends.push(...chain.map(({ notAfter }) => notAfter));
  };
  checkOne("pckChain", pckChain, PCK_ROLES);
  checkOne("tcbInfoChain", tcbChain, SIGNER_ROLES);
  checkOne("qeIdentityChain", qeChain, SIGNER_ROLES);

  const documentOf = <T extends TcbInfo | QeIdentity>(
    name: DocumentName,
    signed: SignedText,
    signer: Certificate | undefined,
    parse: (text: string) => T | undefined,
  ): T | undefined => {
    const isSigned =
      signer !== undefined && isP256Signed(signer.publicKey, Buffer.from(signed.text), signed.signature);
    check(`${name}.signature`, isSigned);
    const document = parse(signed.text);
    check(`${name}.format`, document !== undefined);
    if (document !== undefined) {
      const { issueDate, nextUpdate, tcbEvaluationDataNumber } = document;
      check(`${name}.dates`, issueDate <= nowSeconds && nowSeconds <= nextUpdate);
      check(`${name}.stale`, nowSeconds - issueDate <= maxAgeSeconds);
      check(`${name}.evaluationNumber`, tcbEvaluationDataNumber >= expected.minEvaluationNumber);
      ends.push(nextUpdate, issueDate + maxAgeSeconds);
    }
    return document;
  };
  const tcbInfo = documentOf("tcbInfo", collateral.tcbInfo, tcbChain[0], parseTcbInfo);
  const qeIdentity = documentOf("qeIdentity", collateral.qeIdentity, qeChain[0], parseQeIdentity);
  return { tcbInfo, qeIdentity, pck: pckChain[0], validUntil: Math.min(...ends) };
}

/** Chains share certificates (the root at least): each is parsed once. */
function createChainReader(check: Check<CollateralCheck>) {
  const known = new Map<string, Certificate>();
  return (name: ChainName, pem: string): readonly Certificate[] => {
    const chain = attempt(() =>
      readPem(pem).map((der) => {
        const key = der.toString("latin1");
        const certificate = known.get(key) ?? parseCertificate(der);
        known.set(key, certificate);
        return certificate;
      }),
    );
    check(`${name}.format`, chain !== undefined);
    return chain ?? [];
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
