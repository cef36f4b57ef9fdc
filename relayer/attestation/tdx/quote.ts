import { FinalError } from "../../errors";
import { readSgxReport, SGX_REPORT_BYTES, type SgxReport } from "./sgxReport";
import { readTdReport, type TdReport } from "./tdReport";

const HEADER_BYTES = 48;
const ECDSA_P256 = 2;
const TEE_SGX = 0x00;
const TEE_TDX = 0x81;
const INTEL_VENDOR = "939a7233f79c4ca9940a0db3957f0607";
const TD10_BYTES = 584;
const TD15_BYTES = 648;
/** Body types that version 5 names; earlier versions leave them to be inferred. */
const BODY = { sgx: 1, td10: 2, td15: 3 } as const;
/** Certification data: a PEM chain from the machine's certificate to the root; and the wrapper of version 4 on. */
export const PCK_CHAIN = 5;
const QE_REPORT_DATA = 6;

/** An SGX (version 3) or TDX (versions 4 and 5) quote, taken apart. Nothing in it is believed yet. */
export interface Quote {
  readonly version: 3 | 4 | 5;
  /** Header and body: what the attestation key signs, and the only part that identifies a quote. */
  readonly signed: Buffer;
  readonly signature: Buffer;
  /** x ‖ y. */
  readonly attestationKey: Buffer;
  readonly body:
    | { readonly kind: "tdx"; readonly td: TdReport }
    | { readonly kind: "sgx"; readonly enclave: SgxReport };
  readonly qe: {
    readonly report: SgxReport;
    /** What the PCK signs. */
    readonly signed: Buffer;
    readonly signature: Buffer;
    readonly authData: Buffer;
  };
  readonly certification: { readonly type: number; readonly data: Buffer };
}

/** Takes a quote apart. Throws `ATTESTATION_REFUSED` for another version, key type, vendor, TEE or layout. */
export function parseQuote(bytes: Uint8Array): Quote {
  const quote = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  need(quote.length >= HEADER_BYTES + 6, "is too short");
  const version = quote.readUInt16LE(0);
  const tee = quote.readUInt32LE(4);
  if (version !== 3 && version !== 4 && version !== 5) {
    throw refused("has another version than 3, 4 or 5");
  }
  need(quote.readUInt16LE(2) === ECDSA_P256, "is signed by another kind of key than P-256");
  need(tee === TEE_TDX || tee === TEE_SGX, "is of another kind of TEE");
  need(quote.toString("hex", 12, 28) === INTEL_VENDOR, "comes from another vendor's quoting enclave");
  const { start, length, type } = bodyPlace(quote, version, tee);
  const end = start + length;
  need(quote.length >= end + 4, "is too short");
  const content = quote.subarray(start, end);
  const signatureEnd = end + 4 + quote.readUInt32LE(end);
  need(signatureEnd <= quote.length, "is shorter than its signature says");
  // Platforms hand quotes out in a buffer of fixed size: what lies behind the signature is nothing, and nobody signed it.
  const signature = readSignature(quote.subarray(end + 4, signatureEnd), version);
  return {
    version,
    signed: quote.subarray(0, end),
    ...signature,
    body:
      type === BODY.sgx
        ? { kind: "sgx", enclave: readSgxReport(content) }
        : { kind: "tdx", td: readTdReport(content) },
  };
}

function bodyPlace(quote: Buffer, version: 3 | 4 | 5, tee: number) {
  if (version === 5) {
    const type = quote.readUInt16LE(HEADER_BYTES);
    const length = quote.readUInt32LE(HEADER_BYTES + 2);
    const expected = bodyLength(type);
    need(length === expected, "names another kind of body, or another length of it");
    need((type === BODY.sgx) === (tee === TEE_SGX), "names one TEE and holds another's body");
    return { start: HEADER_BYTES + 6, length, type };
  }
  need((version === 3) === (tee === TEE_SGX), "is of a version that its TEE does not use");
  const type = tee === TEE_SGX ? BODY.sgx : BODY.td10;
  return { start: HEADER_BYTES, length: bodyLength(type), type };
}

function bodyLength(type: number): number {
  switch (type) {
    case BODY.sgx:
      return SGX_REPORT_BYTES;
    case BODY.td10:
      return TD10_BYTES;
    case BODY.td15:
      return TD15_BYTES;
    default:
      return -1;
  }
}

function readSignature(data: Buffer, version: 3 | 4 | 5) {
  let at = 0;
  const take = (length: number): Buffer => {
    need(at + length <= data.length, "is shorter than its layout");
    at += length;
    return data.subarray(at - length, at);
  };
  const signature = take(64);
  const attestationKey = take(64);
  if (version > 3) {
    const head = take(6);
    need(head.readUInt16LE(0) === QE_REPORT_DATA, "does not carry its quoting enclave's report");
    need(head.readUInt32LE(2) === data.length - at, "holds a quoting enclave's report of another length");
  }
  const qeSigned = take(SGX_REPORT_BYTES);
  const qeSignature = take(64);
  const authData = take(take(2).readUInt16LE(0));
  const head = take(6);
  const certification = { type: head.readUInt16LE(0), data: take(head.readUInt32LE(2)) };
  need(at === data.length, "has something behind its certificates");
  return {
    signature,
    attestationKey,
    qe: { report: readSgxReport(qeSigned), signed: qeSigned, signature: qeSignature, authData },
    certification,
  };
}

function need(holds: boolean, problem: string): void {
  if (!holds) {
    throw refused(problem);
  }
}

function refused(problem: string): FinalError {
  return new FinalError("ATTESTATION_REFUSED", `The quote ${problem}.`);
}
