export const SGX_REPORT_BYTES = 384;

/** The fields of an SGX report that are checked; integers little-endian, as Intel writes them. */
export interface SgxReport {
  readonly miscSelect: Buffer;
  readonly attributes: Buffer;
  readonly mrEnclave: Buffer;
  readonly mrSigner: Buffer;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly reportData: Buffer;
}

/** Reads 384 bytes. */
export function readSgxReport(report: Buffer): SgxReport {
  return {
    miscSelect: report.subarray(16, 20),
    attributes: report.subarray(48, 64),
    mrEnclave: report.subarray(64, 96),
    mrSigner: report.subarray(128, 160),
    isvProdId: report.readUInt16LE(256),
    isvSvn: report.readUInt16LE(258),
    reportData: report.subarray(320, 384),
  };
}

/** True when the enclave may be looked into with a debugger. */
export function isDebugEnclave(report: SgxReport): boolean {
  return ((report.attributes[0] ?? 0) & 0x02) !== 0;
}
