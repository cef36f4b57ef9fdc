import { FinalError } from "../errors";
import { fromHex, toHex } from "./text";

type Brand<Value, Name extends string> = Value & { readonly __brand: Name };

/** A TON address in raw form with lower-case hex: `0:83df…`. */
export type RawAddress = Brand<string, "RawAddress">;
/** The raw address of a JobEscrow. */
export type JobAddress = RawAddress & { readonly __job: true };
/** A worker's Ed25519 receipt public key: 64 lower-case hex digits. */
export type WorkerKey = Brand<string, "WorkerKey">;
/** 16 bytes as 32 lower-case hex digits. */
export type RequestId = Brand<string, "RequestId">;
/** An amount in nanoton, 0 to 2^64 - 1. */
export type Nano = Brand<bigint, "Nano">;

/** Bytes of an address in every format: workchain `i8` and account `[32]`. */
export const ADDRESS_BYTES = 33;
/** Bytes of a request id. */
export const REQUEST_ID_BYTES = 16;

const ACCOUNT_HEX = 64;
const MAX_U64 = (1n << 64n) - 1n;

function isLowerHex(text: string, length: number): boolean {
  if (text.length !== length) {
    return false;
  }
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) {
      return false;
    }
  }
  return true;
}

/** True for a canonical raw address: decimal workchain of one signed byte, colon, 64 lower-case hex digits. */
export function isRawAddress(text: string): text is RawAddress {
  const colon = text.indexOf(":");
  const workchain = Number(text.slice(0, colon));
  return (
    colon > 0 &&
    Number.isInteger(workchain) &&
    workchain >= -128 &&
    workchain <= 127 &&
    String(workchain) === text.slice(0, colon) &&
    isLowerHex(text.slice(colon + 1), ACCOUNT_HEX)
  );
}

function isJobAddress(text: RawAddress): text is JobAddress {
  return text.length > 0;
}

function isWorkerKey(text: string): text is WorkerKey {
  return isLowerHex(text, 64);
}

function isRequestId(text: string): text is RequestId {
  return isLowerHex(text, 2 * REQUEST_ID_BYTES);
}

function isNano(value: bigint): value is Nano {
  return value >= 0n && value <= MAX_U64;
}

/**
 * A raw address of either hex case, made canonical. Throws `BAD_REQUEST`.
 *
 * @example
 * import { addressFromBytes, addressToBytes, isRawAddress, requestIdToBytes, toJobAddress, toNano, toRawAddress, toRequestId, toWorkerKey, workerKeyToBytes } from "cocoon/protocol";
 *
 * const address = toRawAddress(`0:${"ab".repeat(32)}`);
 * console.log(isRawAddress(address), addressFromBytes(addressToBytes(address)) === toJobAddress(address)); // true true
 * console.log(workerKeyToBytes(toWorkerKey("01".repeat(32))).length, requestIdToBytes(toRequestId("02".repeat(16))).length); // 32 16
 * console.log(toNano(5n)); // 5
 */
export function toRawAddress(text: string): RawAddress {
  const lower = text.toLowerCase();
  if (!isRawAddress(lower)) {
    throw new FinalError("BAD_REQUEST", "An address must be raw: workchain, colon, 64 hex digits.");
  }
  return lower;
}

/** The raw address of a job. Throws `BAD_REQUEST`. */
export function toJobAddress(text: string): JobAddress {
  const address = toRawAddress(text);
  if (!isJobAddress(address)) {
    throw new FinalError("BAD_REQUEST", "A job address is empty.");
  }
  return address;
}

/** The 33 bytes of an address. */
export function addressToBytes(address: RawAddress): Uint8Array {
  const colon = address.indexOf(":");
  const out = new Uint8Array(ADDRESS_BYTES);
  out[0] = Number(address.slice(0, colon)) & 0xff;
  out.set(fromHex(address.slice(colon + 1), 32), 1);
  return out;
}

/** The address in 33 bytes. Throws `BAD_REQUEST` for another length. */
export function addressFromBytes(bytes: Uint8Array): RawAddress {
  if (bytes.length !== ADDRESS_BYTES) {
    throw new FinalError("BAD_REQUEST", "An address has 33 bytes.", { length: bytes.length });
  }
  const workchain = ((bytes[0] ?? 0) << 24) >> 24;
  return toRawAddress(`${workchain}:${toHex(bytes.subarray(1))}`);
}

/** A worker's key from 32 bytes or from hex. Throws `BAD_REQUEST`. */
export function toWorkerKey(key: Uint8Array | string): WorkerKey {
  const text = typeof key === "string" ? key.toLowerCase() : toHex(key);
  if (!isWorkerKey(text)) {
    throw new FinalError("BAD_REQUEST", "A worker's key has 32 bytes.");
  }
  return text;
}

/** The 32 bytes of a worker's key. */
export function workerKeyToBytes(key: WorkerKey): Uint8Array {
  return fromHex(key, 32);
}

/** A request id from 16 bytes or from hex. Throws `BAD_REQUEST`. */
export function toRequestId(id: Uint8Array | string): RequestId {
  const text = typeof id === "string" ? id.toLowerCase() : toHex(id);
  if (!isRequestId(text)) {
    throw new FinalError("BAD_REQUEST", "A request id has 16 bytes.");
  }
  return text;
}

/** The 16 bytes of a request id. */
export function requestIdToBytes(id: RequestId): Uint8Array {
  return fromHex(id, REQUEST_ID_BYTES);
}

/** An amount in nanoton. Throws `BAD_REQUEST` below zero or above 64 bits. */
export function toNano(value: bigint): Nano {
  if (!isNano(value)) {
    throw new FinalError("BAD_REQUEST", "An amount must fit 64 bits and not be negative.", { value });
  }
  return value;
}
