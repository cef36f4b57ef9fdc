import { sign } from "node:crypto";
import type { Collateral } from "./collateral";
import { QE_MRSIGNER, TEST_FACTS, toPem } from "./makeTestQuote";
import { DER, der, derBits, derInteger, derOid, derTime, sequence } from "./makeTestQuoteDer";
import {
  extension,
  intelName,
  makeTestCertificate,
  signP256,
  type TestP256Key,
  testP256Key,
} from "./makeTestQuotePki";
import type { TcbStatus } from "./tcbStatus";

// What Intel would publish about a machine made by `makeTestMachine`: signed under the same root, of the same shape.

const KEY_COMPROMISE = extension("2.5.29.21", false, der(DER.enumerated, Buffer.from([1])));
const ECDSA_SHA256 = sequence(derOid("1.2.840.10045.4.3.2"));
const YEAR = 365 * 86_400;
const MONTH = 30 * 86_400;
const ROOT_NAME = "Intel SGX Root CA";
const ZERO_48 = "00".repeat(48);
const ZERO_8 = "00".repeat(8);

export interface TestCollateralOptions {
  /** The machine's root. */
  readonly rootSeed: Uint8Array;
  /** Unix seconds: everything is issued then, and ends 30 days later; the root's list after a year. */
  readonly issuedAt: number;
  readonly ca?: "Platform" | "Processor";
  /** Serial numbers, hex, that each list revokes. */
  readonly revoked?: { readonly byRoot?: readonly string[]; readonly byCa?: readonly string[] };
  readonly evaluationNumber?: number;
  /** Fields of TCB info and QE identity that a test wants otherwise. */
  readonly tcbInfo?: Readonly<Record<string, unknown>>;
  readonly qeIdentity?: Readonly<Record<string, unknown>>;
  /** Status of the level that the machine reaches. */
  readonly status?: TcbStatus;
  readonly advisories?: readonly string[];
  /** Signs TCB info and QE identity in the place of the signer that the chain names. */
  readonly signer?: TestP256Key;
  /** The signer's common name. */
  readonly signerName?: string;
}

export function makeTestCollateral(options: TestCollateralOptions): Collateral {
  const { rootSeed, issuedAt, ca = "Platform" } = options;
  const rootKey = testP256Key(rootSeed, "root");
  const signerKey = testP256Key(rootSeed, "tcb signer");
  const notBefore = issuedAt - YEAR;
  const signerCertificate = makeTestCertificate({
    subject: options.signerName ?? "Intel SGX TCB Signing",
    issuer: ROOT_NAME,
    key: signerKey,
    issuerKey: rootKey,
    notBefore,
    notAfter: issuedAt + YEAR,
  });
  const root = makeTestCertificate({
    subject: ROOT_NAME,
    issuer: ROOT_NAME,
    key: rootKey,
    issuerKey: rootKey,
    notBefore,
    notAfter: Date.UTC(2049, 11, 31, 23, 59, 59) / 1000,
    pathLength: 1,
  });
  const chain = toPem(signerCertificate) + toPem(root);
  const signed = (document: Readonly<Record<string, unknown>>) => {
    const text = JSON.stringify(document);
    return { text, signature: signP256(options.signer ?? signerKey, Buffer.from(text)), chain };
  };
  return {
    tcbInfo: signed(tcbInfoOf(options)),
    qeIdentity: signed(qeIdentityOf(options)),
    rootCrl: makeTestCrl(
      { issuer: ROOT_NAME, key: rootKey, revoked: options.revoked?.byRoot ?? [] },
      issuedAt,
      issuedAt + YEAR,
    ),
    pckCrl: makeTestCrl(
      {
        issuer: `Intel SGX PCK ${ca} CA`,
        key: testP256Key(rootSeed, `ca ${ca}`),
        revoked: options.revoked?.byCa ?? [],
      },
      issuedAt,
      issuedAt + MONTH,
    ),
  };
}

/** DER of a revocation list. */
export function makeTestCrl(
  by: { readonly issuer: string; readonly key: TestP256Key; readonly revoked: readonly string[] },
  thisUpdate: number,
  nextUpdate: number,
): Buffer {
  const entries = by.revoked.map((serial) =>
    sequence(derInteger(BigInt(`0x${serial}`)), derTime(thisUpdate), sequence(KEY_COMPROMISE)),
  );
  const tbs = sequence(
    der(DER.integer, Buffer.from([1])),
    ECDSA_SHA256,
    intelName(by.issuer),
    derTime(thisUpdate),
    derTime(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  return sequence(tbs, ECDSA_SHA256, derBits(sign("sha256", tbs, by.key.privateKey)));
}

function datesOf({ issuedAt, evaluationNumber = 18 }: TestCollateralOptions) {
  const iso = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  return {
    issueDate: iso(issuedAt),
    nextUpdate: iso(issuedAt + MONTH),
    tcbEvaluationDataNumber: evaluationNumber,
  };
}

function tcbInfoOf(options: TestCollateralOptions) {
  const tcbDate = "2025-05-14T00:00:00Z";
  const components = (svns: readonly number[]) => svns.map((svn) => ({ svn }));
  const tdx = (svns: readonly number[]) => components([...svns, ...Array(16 - svns.length).fill(0)]);
  const dates = datesOf(options);
  const signer = { mrsigner: ZERO_48, attributes: ZERO_8, attributesMask: "FF".repeat(8) };
  return {
    id: "TDX",
    version: 3,
    issueDate: dates.issueDate,
    nextUpdate: dates.nextUpdate,
    fmspc: Buffer.from(TEST_FACTS.fmspc).toString("hex").toUpperCase(),
    pceId: "0000",
    tcbType: 0,
    tcbEvaluationDataNumber: dates.tcbEvaluationDataNumber,
    tdxModule: signer,
    tdxModuleIdentities: [
      {
        id: "TDX_01",
        ...signer,
        tcbLevels: [
          { tcb: { isvsvn: 5 }, tcbDate, tcbStatus: "UpToDate" },
          { tcb: { isvsvn: 2 }, tcbDate, tcbStatus: "OutOfDate", advisoryIDs: ["INTEL-SA-01192"] },
        ],
      },
    ],
    tcbLevels: [
      {
        tcb: {
          sgxtcbcomponents: components(TEST_FACTS.components),
          pcesvn: TEST_FACTS.pceSvn,
          tdxtcbcomponents: tdx([5, 0, 7]),
        },
        tcbDate,
        tcbStatus: options.status ?? "UpToDate",
        ...(options.advisories === undefined ? {} : { advisoryIDs: options.advisories }),
      },
      {
        tcb: {
          sgxtcbcomponents: tdx([1]),
          pcesvn: 5,
          tdxtcbcomponents: tdx([3, 0, 5]),
        },
        tcbDate: "2023-08-09T00:00:00Z",
        tcbStatus: "OutOfDate",
        advisoryIDs: ["INTEL-SA-00960"],
      },
    ],
    ...options.tcbInfo,
  };
}

function qeIdentityOf(options: TestCollateralOptions) {
  const tcbDate = "2025-05-14T00:00:00Z";
  return {
    id: "TD_QE",
    version: 2,
    ...datesOf(options),
    miscselect: "00000000",
    miscselectMask: "FFFFFFFF",
    attributes: "11000000000000000000000000000000",
    attributesMask: "FBFFFFFFFFFFFFFF0000000000000000",
    mrsigner: QE_MRSIGNER.toUpperCase(),
    isvprodid: 2,
    tcbLevels: [
      { tcb: { isvsvn: 4 }, tcbDate, tcbStatus: "UpToDate" },
      { tcb: { isvsvn: 3 }, tcbDate, tcbStatus: "OutOfDate" },
    ],
    ...options.qeIdentity,
  };
}
