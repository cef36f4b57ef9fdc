import { FinalError } from "../../errors";

const GET_MEASUREMENTS = 0xe0;
const MEASUREMENTS = 0x60;
const REQUEST_BYTES = 37;
const SIGNATURE_BYTES = 96;
/** Opaque fields by NVIDIA's numbers. */
const FIELD = { driver: 3, vbios: 6, firmwareId: 20 } as const;

/** A GPU's SPDM measurement transcript: the request with its nonce, and the signed answer. */
export interface SpdmReport {
  /** Everything before the signature. */
  readonly signed: Buffer;
  /** r ‖ s [96]. */
  readonly signature: Buffer;
  /** [32], as the requester chose it. */
  readonly nonce: Buffer;
  /** Measured values by index. */
  readonly measurements: ReadonlyMap<number, Buffer>;
  readonly driver: string;
  /** As NVIDIA writes it: `96.00.A5.00.01`. */
  readonly vbios: string;
  /** Digest of the firmware that holds the signing key. */
  readonly firmwareId: Buffer;
}

/** Takes a transcript apart. Throws `ATTESTATION_REFUSED`. */
export function parseSpdmReport(report: Buffer): SpdmReport {
  let at = REQUEST_BYTES;
  const take = (length: number): Buffer => {
    need(at + length <= report.length, "is shorter than its layout");
    at += length;
    return report.subarray(at - length, at);
  };
  need(report.length > REQUEST_BYTES + 8 + SIGNATURE_BYTES, "is too short");
  need(report[1] === GET_MEASUREMENTS, "does not start with a request for measurements");
  const head = take(8);
  need(head[1] === MEASUREMENTS, "holds no measurements");
  const measurements = readMeasurements(take(head.readUIntLE(5, 3)), head[4] ?? 0);
  take(32); // the GPU's own nonce
  const fields = readFields(take(take(2).readUInt16LE(0)));
  need(report.length - at === SIGNATURE_BYTES, "has a signature of another length");
  const field = (number: number): Buffer => fields.get(number) ?? Buffer.alloc(0);
  return {
    signed: report.subarray(0, at),
    signature: report.subarray(at),
    nonce: report.subarray(4, 36),
    measurements,
    driver: field(FIELD.driver).toString("latin1").replaceAll("\0", ""),
    vbios: vbiosText(field(FIELD.vbios)),
    firmwareId: field(FIELD.firmwareId),
  };
}

function readMeasurements(record: Buffer, count: number): Map<number, Buffer> {
  const measurements = new Map<number, Buffer>();
  let at = 0;
  while (at < record.length) {
    need(at + 7 <= record.length, "has a measurement that is cut off");
    const size = record.readUInt16LE(at + 2);
    const block = record.subarray(at + 4, at + 4 + size);
    need(block.length === size && size >= 3, "has a measurement that is cut off");
    const length = block.readUInt16LE(1);
    need(length === size - 3, "has a measurement of another length");
    measurements.set(record[at] ?? 0, block.subarray(3));
    at += 4 + size;
  }
  need(measurements.size === count, "has another number of measurements than it says");
  return measurements;
}

function readFields(opaque: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= opaque.length; ) {
    const length = opaque.readUInt16LE(at + 2);
    need(at + 4 + length <= opaque.length, "has a field that is cut off");
    fields.set(opaque.readUInt16LE(at), opaque.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

/** Eight bytes, the last first: the upper half, then one byte of the lower. */
function vbiosText(field: Buffer): string {
  const hex = Buffer.from(field).reverse().toString("hex").toUpperCase();
  const half = hex.length / 2;
  const text = hex.slice(half) + hex.slice(half - 2, half);
  return text.match(/../g)?.join(".") ?? "";
}

function need(holds: boolean, problem: string): void {
  if (!holds) {
    throw new FinalError("ATTESTATION_REFUSED", `The GPU's report ${problem}.`);
  }
}
