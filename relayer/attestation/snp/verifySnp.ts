import { createHash } from "node:crypto";
import { type Certificate, parseCertificate } from "../certificates/certificate";
import { type ChainFault, chainFaults } from "../certificates/checkChain";
import { integerHex, readDer } from "../certificates/der";
import { isDerSigned, isP384Signed } from "../certificates/signature";
import { parseSnpReport, type SnpReport, type SnpTcb } from "./snpReport";

/** SHA-256 of the SubjectPublicKeyInfo of AMD's root for each product. */
export const AMD_ROOT_KEY_HASHES: Readonly<Record<"Milan" | "Genoa" | "Turin", string>> = {
  Milan: "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9",
  Genoa: "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831",
  Turin: "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08",
};

const AMD = "1.3.6.1.4.1.3704.1";
const OID = {
  bootloader: `${AMD}.3.1`,
  tee: `${AMD}.3.2`,
  snp: `${AMD}.3.3`,
  microcode: `${AMD}.3.8`,
  hardwareId: `${AMD}.4`,
  cspId: `${AMD}.5`,
} as const;
const ECDSA_P384 = 1;
const POLICY = { mustBeOne: 1n << 17n, migrationAgent: 1n << 18n, debug: 1n << 19n } as const;

export type SnpCheck =
  | "reportFormat"
  | "chainFormat"
  | `chain.${ChainFault}`
  | "chain.role"
  | "algorithm"
  | "signature"
  | "policyReserved"
  | "policyMigration"
  | "policyDebug"
  | "vmpl"
  | "tcb"
  | "chipId"
  | "vlekNotAllowed"
  | "minimumTcb";

export interface SnpExpectations {
  /** SHA-256, hex, of the roots' keys that are believed: `AMD_ROOT_KEY_HASHES`. */
  readonly rootKeyHashes: readonly string[];
  readonly nowSeconds: number;
  /** Versions below which a machine is refused. */
  readonly minimumTcb: SnpTcb;
  /** Clouds whose own keys (VLEK) are believed; such a key hides which machine signed. */
  readonly vlekProviders: readonly string[];
}

export interface SnpVerdict {
  readonly ok: boolean;
  readonly failed: readonly SnpCheck[];
  readonly report: SnpReport | undefined;
}

/** Verifies a report with its chain: the machine's key (VCEK) or a cloud's (VLEK), AMD's signer, AMD's root; all DER. */
export function verifySnp(
  evidence: { readonly report: Buffer; readonly chain: readonly Buffer[] },
  expected: SnpExpectations,
): SnpVerdict {
  const failed = new Set<SnpCheck>();
  const check = (name: SnpCheck, holds: boolean): void => {
    if (!holds) {
      failed.add(name);
    }
  };
  const report = attempt(() => parseSnpReport(evidence.report));
  const chain = attempt(() => evidence.chain.map(parseCertificate));
  check("reportFormat", report !== undefined);
  check("chainFormat", chain !== undefined);
  const [leaf] = chain ?? [];
  if (chain !== undefined) {
    checkChain(chain, expected, check);
  }
  if (report !== undefined) {
    checkReport(report, expected, check);
    check("signature", leaf !== undefined && isP384Signed(leaf.publicKey, report.signed, report.signature));
  }
  if (report !== undefined && leaf !== undefined) {
    checkMachine(report, leaf, expected, check);
  }
  return { ok: failed.size === 0, failed: [...failed], report };
}

type Check = (name: SnpCheck, holds: boolean) => void;

function checkChain(chain: readonly Certificate[], expected: SnpExpectations, check: Check): void {
  const root = chain.at(-1)?.publicKeyInfo ?? Buffer.alloc(0);
  const hash = createHash("sha256").update(root).digest("hex");
  const faults = chainFaults(chain, {
    rootKeyInfo: expected.rootKeyHashes.includes(hash) ? root : Buffer.alloc(0),
    nowSeconds: expected.nowSeconds,
    crls: undefined,
    length: 3,
    isSigned: isDerSigned,
  });
  for (const fault of faults) {
    check(`chain.${fault}`, false);
  }
  const [leaf, signer, ark] = chain.map(({ commonName }) => commonName);
  const product = ark?.startsWith("ARK-") ? ark.slice(4) : "";
  check(
    "chain.role",
    (leaf === "SEV-VCEK" && signer === `SEV-${product}`) ||
      (leaf === "SEV-VLEK" && signer === `SEV-VLEK-${product}`),
  );
}

function checkReport(report: SnpReport, expected: SnpExpectations, check: Check): void {
  const { policy, reportedTcb, vmpl } = report;
  const { minimumTcb } = expected;
  check("algorithm", report.signatureAlgorithm === ECDSA_P384);
  check("policyReserved", (policy & POLICY.mustBeOne) !== 0n);
  check("policyMigration", (policy & POLICY.migrationAgent) === 0n);
  check("policyDebug", (policy & POLICY.debug) === 0n);
  check("vmpl", vmpl === 0);
  check(
    "minimumTcb",
    reportedTcb.bootloader >= minimumTcb.bootloader &&
      reportedTcb.tee >= minimumTcb.tee &&
      reportedTcb.snp >= minimumTcb.snp &&
      reportedTcb.microcode >= minimumTcb.microcode,
  );
}

/** AMD certifies a key for one machine at one set of versions: the report must be of both. */
function checkMachine(report: SnpReport, leaf: Certificate, expected: SnpExpectations, check: Check): void {
  const { reportedTcb } = report;
  const version = (oid: string): number | undefined => {
    const value = leaf.extensions.get(oid);
    return value === undefined ? undefined : attempt(() => Number.parseInt(integerHex(readDer(value)), 16));
  };
  check(
    "tcb",
    version(OID.bootloader) === reportedTcb.bootloader &&
      version(OID.tee) === reportedTcb.tee &&
      version(OID.snp) === reportedTcb.snp &&
      version(OID.microcode) === reportedTcb.microcode,
  );
  const csp = leaf.extensions.get(OID.cspId);
  if (csp !== undefined) {
    const provider = attempt(() => readDer(csp).value.toString("utf8"));
    check("vlekNotAllowed", provider !== undefined && expected.vlekProviders.includes(provider));
    return;
  }
  const hardwareId = leaf.extensions.get(OID.hardwareId);
  // Older machines have 64 bytes here, Turin eight; both start the report's field.
  const id = hardwareId?.subarray(hardwareId.length >= 64 ? -64 : -8);
  check("chipId", id !== undefined && id.length >= 8 && report.chipId.subarray(0, id.length).equals(id));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
