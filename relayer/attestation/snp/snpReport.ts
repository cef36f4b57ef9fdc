import { FinalError } from "../../errors";

export const SNP_REPORT_BYTES = 1184;
const SIGNED_BYTES = 0x2a0;
const TURIN_FAMILY = 0x1a;
/** r and s stand in 72 bytes each, the lowest byte first; P-384 uses 48 of them. */
const SCALAR_BYTES = 48;
const SCALAR_FIELD = 72;

/** Security versions of the machine's parts, as AMD counts them. */
export interface SnpTcb {
  readonly bootloader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
}

/** An SEV-SNP guest's report, taken apart. */
export interface SnpReport {
  readonly version: number;
  readonly policy: bigint;
  readonly vmpl: number;
  readonly signatureAlgorithm: number;
  readonly reportData: Buffer;
  readonly measurement: Buffer;
  readonly hostData: Buffer;
  readonly reportedTcb: SnpTcb;
  readonly chipId: Buffer;
  readonly signed: Buffer;
  /** r ‖ s [96], the highest byte first. */
  readonly signature: Buffer;
}

/** Throws `ATTESTATION_REFUSED` for another length or version. */
export function parseSnpReport(report: Buffer): SnpReport {
  const version = report.length === SNP_REPORT_BYTES ? report.readUInt32LE(0) : 0;
  if (version < 2 || version > 5) {
    throw new FinalError("ATTESTATION_REFUSED", "This is no SEV-SNP report of version 2 to 5.");
  }
  const scalar = (at: number) => Buffer.from(report.subarray(at, at + SCALAR_BYTES)).reverse();
  const isTurin = version >= 3 && report[0x188] === TURIN_FAMILY;
  return {
    version,
    policy: report.readBigUInt64LE(8),
    vmpl: report.readUInt32LE(0x30),
    signatureAlgorithm: report.readUInt32LE(0x34),
    reportData: report.subarray(0x50, 0x90),
    measurement: report.subarray(0x90, 0xc0),
    hostData: report.subarray(0xc0, 0xe0),
    reportedTcb: readTcb(report.subarray(0x180, 0x188), isTurin),
    chipId: report.subarray(0x1a0, 0x1e0),
    signed: report.subarray(0, SIGNED_BYTES),
    signature: Buffer.concat([scalar(SIGNED_BYTES), scalar(SIGNED_BYTES + SCALAR_FIELD)]),
  };
}

function readTcb(bytes: Buffer, isTurin: boolean): SnpTcb {
  const [a = 0, b = 0, c = 0, d = 0, , , snp = 0, microcode = 0] = bytes;
  // Turin puts its FMC first.
  return isTurin ? { bootloader: b, tee: c, snp: d, microcode } : { bootloader: a, tee: b, snp, microcode };
}
