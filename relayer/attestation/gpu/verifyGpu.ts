import { type Certificate, parseCertificate, readPem } from "../certificates/certificate";
import { type ChainFault, chainFaults } from "../certificates/checkChain";
import { isDerSigned, isP384Signed } from "../certificates/signature";
import { parseSpdmReport, type SpdmReport } from "./spdmReport";

/** SubjectPublicKeyInfo of NVIDIA's device identity root. */
export const NVIDIA_ROOT_KEY_INFO: Buffer = Buffer.from(
  "3076301006072a8648ce3d020106052b81040022036200040e4c14a33bf8a5626658db4129607e4cbf4519c4412716f4d0d917c4978005bdeabeaefd57bc66082d718a4f8b6052e1516ee8a7c422b84de857071bb58fd395bea0cfa1c63ee7c80d6bd63901d91cbbd187d3857dc16b5cceaf238ff8c27dbd",
  "hex",
);

/** TCG's extension that names the firmware which holds a certified key, alone and in a list. */
const DICE_TCB_INFO = ["2.23.133.5.4.1", "2.23.133.5.4.1.1"] as const;
/** Leaf to root: GPUs made today have five certificates. */
const CHAIN = { least: 3, most: 6 } as const;

export type GpuCheck =
  | "reportFormat"
  | "chainFormat"
  | `chain.${ChainFault}`
  | "signature"
  | "nonce"
  | "firmwareId"
  | "firmwareNotAllowed";

/** What the verifier knows by itself. An empty list of firmware allows nothing. */
export interface GpuExpectations {
  readonly rootKeyInfo: Buffer;
  /** [32]: `gpuNonce` of the worker's keys, or the verifier's own. */
  readonly nonce: Uint8Array;
  readonly firmware: readonly { readonly driver: string; readonly vbios: string }[];
  readonly nowSeconds: number;
}

export interface GpuVerdict {
  readonly ok: boolean;
  readonly failed: readonly GpuCheck[];
  readonly report: SpdmReport | undefined;
}

/**
 * Verifies one GPU's report and certificate chain. Revocation is NVIDIA's online service's to tell, and is not asked
 * here; nor are measurements compared with NVIDIA's reference files: the driver and VBIOS must be listed instead.
 */
export function verifyGpu(
  evidence: { readonly report: Buffer; readonly chain: string },
  expected: GpuExpectations,
): GpuVerdict {
  const failed = new Set<GpuCheck>();
  const check = (name: GpuCheck, holds: boolean): void => {
    if (!holds) {
      failed.add(name);
    }
  };
  const report = attempt(() => parseSpdmReport(evidence.report));
  const chain = attempt(() => readPem(evidence.chain).map(parseCertificate));
  check("reportFormat", report !== undefined);
  check("chainFormat", chain !== undefined);
  const [leaf] = chain ?? [];
  if (chain !== undefined) {
    const isUsual = chain.length >= CHAIN.least && chain.length <= CHAIN.most;
    const faults = chainFaults(chain, {
      rootKeyInfo: expected.rootKeyInfo,
      nowSeconds: expected.nowSeconds,
      crls: undefined,
      length: isUsual ? chain.length : CHAIN.most,
      isSigned: isDerSigned,
    });
    for (const fault of faults) {
      check(`chain.${fault}`, false);
    }
  }
  if (report !== undefined) {
    const { driver, vbios } = report;
    check("nonce", report.nonce.equals(expected.nonce));
    check("signature", leaf !== undefined && isP384Signed(leaf.publicKey, report.signed, report.signature));
    check("firmwareId", leaf !== undefined && namesFirmware(leaf, report.firmwareId));
    check(
      "firmwareNotAllowed",
      expected.firmware.some((allowed) => allowed.driver === driver && allowed.vbios === vbios),
    );
  }
  return { ok: failed.size === 0, failed: [...failed], report };
}

/** The certificate names the firmware that may use its key; the report must come from that one. */
function namesFirmware(leaf: Certificate, firmwareId: Buffer): boolean {
  return (
    firmwareId.length >= 32 &&
    DICE_TCB_INFO.some((oid) => leaf.extensions.get(oid)?.includes(firmwareId) ?? false)
  );
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
