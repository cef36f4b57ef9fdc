import type { Check } from "./checkCollateral";
import type { PckFacts } from "./pckExtension";
import type { Quote } from "./quote";
import type { SgxReport } from "./sgxReport";
import type { QeIdentity, TcbInfo } from "./tcbInfo";
import { joinStatus, type TcbStatus } from "./tcbStatus";
import type { TdReport } from "./tdReport";

/** Checks of the machine's security versions, by name. */
export const TCB_CHECKS = [
  "tcbInfoKind",
  "qeIdentityKind",
  "fmspc",
  "pceId",
  "qeMrSigner",
  "qeProduct",
  "qeMiscSelect",
  "qeAttributes",
  "qeLevel",
  "tdxModuleUnknown",
  "tdxModuleSigner",
  "tdxModuleAttributes",
  "tdxModuleLevel",
  "tcbLevel",
] as const;
export type TcbCheck = (typeof TCB_CHECKS)[number];

export interface Tcb {
  readonly status: TcbStatus;
  readonly platform: TcbStatus;
  readonly qe: TcbStatus;
  /** Undefined on machines whose TDX module has no identity of its own. */
  readonly tdxModule: TcbStatus | undefined;
  readonly advisories: readonly string[];
  readonly tcbDate: string;
  readonly evaluationNumber: number;
}

type Level = {
  readonly tcbStatus: TcbStatus;
  readonly tcbDate: string;
  readonly advisoryIDs: readonly string[];
};

/** Finds the machine's level by Intel's rules; undefined when a list has none for it. */
export function checkTcb(
  quote: Quote,
  facts: PckFacts | undefined,
  documents: { readonly tcbInfo: TcbInfo; readonly qeIdentity: QeIdentity },
  check: Check<TcbCheck>,
): Tcb | undefined {
  const { tcbInfo, qeIdentity } = documents;
  const isTdx = quote.body.kind === "tdx";
  check("tcbInfoKind", tcbInfo.id === (isTdx ? "TDX" : "SGX"));
  check("qeIdentityKind", qeIdentity.id === (isTdx ? "TD_QE" : "QE"));
  const qe = checkQe(quote.qe.report, qeIdentity, check);
  const tdxModule = quote.body.kind === "tdx" ? checkTdxModule(quote.body.td, tcbInfo, check) : undefined;
  if (facts === undefined) {
    return undefined;
  }
  check("fmspc", facts.fmspc === tcbInfo.fmspc);
  check("pceId", facts.pceId === tcbInfo.pceId);
  const platform = platformLevel(quote, facts, tcbInfo);
  check("tcbLevel", platform !== undefined);
  if (platform === undefined || qe === undefined) {
    return undefined;
  }
  const parts = tdxModule === undefined ? [qe] : [tdxModule, qe];
  return {
    status: parts.reduce((status, part) => joinStatus(status, part.tcbStatus), platform.tcbStatus),
    platform: platform.tcbStatus,
    qe: qe.tcbStatus,
    tdxModule: tdxModule?.tcbStatus,
    advisories: [...new Set([platform, ...parts].flatMap(({ advisoryIDs }) => advisoryIDs))].sort(),
    tcbDate: platform.tcbDate,
    evaluationNumber: Math.min(tcbInfo.tcbEvaluationDataNumber, qeIdentity.tcbEvaluationDataNumber),
  };
}

/** Says that it is Intel's quoting enclave which signed: without this, anybody's enclave could. */
function checkQe(report: SgxReport, identity: QeIdentity, check: Check<TcbCheck>): Level | undefined {
  check("qeMrSigner", report.mrSigner.toString("hex") === identity.mrsigner);
  check("qeProduct", report.isvProdId === identity.isvprodid);
  check("qeMiscSelect", isMasked(report.miscSelect, identity.miscselectMask, identity.miscselect));
  check("qeAttributes", isMasked(report.attributes, identity.attributesMask, identity.attributes));
  const level = identity.tcbLevels.find(({ tcb }) => report.isvSvn >= tcb.isvsvn);
  check("qeLevel", level !== undefined);
  return level;
}

/** From version 1.5 on the module has levels of its own, which replace the first two TDX components. */
function checkTdxModule(td: TdReport, tcbInfo: TcbInfo, check: Check<TcbCheck>): Level | undefined {
  const [minor = 0, major = 0] = td.teeTcbSvn;
  const id = `TDX_${major.toString(16).padStart(2, "0").toUpperCase()}`;
  const identity =
    major === 0
      ? undefined
      : tcbInfo.tdxModuleIdentities.find((candidate) => candidate.id.toUpperCase() === id);
  const signer = major === 0 ? tcbInfo.tdxModule : identity;
  check("tdxModuleUnknown", signer !== undefined);
  if (signer !== undefined) {
    check("tdxModuleSigner", td.mrSignerSeam.toString("hex") === signer.mrsigner);
    check("tdxModuleAttributes", isMasked(td.seamAttributes, signer.attributesMask, signer.attributes));
  }
  const level = identity?.tcbLevels.find(({ tcb }) => minor >= tcb.isvsvn);
  check("tdxModuleLevel", identity === undefined || level !== undefined);
  return level;
}

function platformLevel(quote: Quote, facts: PckFacts, tcbInfo: TcbInfo): Level | undefined {
  const { body } = quote;
  return tcbInfo.tcbLevels.find(({ tcb }) => {
    const hasSgx =
      facts.pceSvn >= tcb.pcesvn &&
      tcb.sgxtcbcomponents.every(({ svn }, index) => (facts.components[index] ?? -1) >= svn);
    if (!hasSgx || body.kind === "sgx") {
      return hasSgx;
    }
    const { teeTcbSvn } = body.td;
    const first = teeTcbSvn[1] === 0 ? 0 : 2;
    return (
      tcb.tdxtcbcomponents?.every(({ svn }, index) => index < first || (teeTcbSvn[index] ?? -1) >= svn) ??
      false
    );
  });
}

/** True when `value` equals `expected` in every bit of the mask. */
function isMasked(value: Buffer, mask: string, expected: string): boolean {
  const maskBytes = Buffer.from(mask, "hex");
  const expectedBytes = Buffer.from(expected, "hex");
  return maskBytes.every(
    (bits, index) => ((value[index] ?? 0) & bits) === ((expectedBytes[index] ?? 0) & bits),
  );
}
