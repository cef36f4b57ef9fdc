import { FinalError } from "../errors";
import { createReader, createWriter, utf8ToBytes } from "./bytes";
import * as primitives from "./crypto";
import { REQUEST_ID_BYTES } from "./ids";

const MAGIC = utf8ToBytes("CCN1");
const SUITE = 1;
const FLAGS = 0;
const KEY_ID_BYTES = 8;

/** Bytes of the clear header of a sealed request. */
export const REQUEST_HEADER_BYTES = 70;
/** How far ahead a request may expire: a worker remembers each (requestId, enc) so long. */
export const MAX_REQUEST_LIFE_SECONDS = 120;

/** The clear part of a sealed request. */
export interface RequestHeader {
  /** First 8 bytes of `H(hpkePublicKey)`: which key the request is sealed to. */
  readonly keyId: Uint8Array;
  /** [16] */
  readonly requestId: Uint8Array;
  /** Unix seconds; the request is valid before this second. */
  readonly expiresAt: number;
  /** Encapsulated key [32]. */
  readonly enc: Uint8Array;
}

/** The key id [8] of an HPKE public key [32]. */
export function keyIdOf(hpkePublicKey: Uint8Array): Uint8Array {
  return primitives.sha256(hpkePublicKey).subarray(0, KEY_ID_BYTES);
}

/**
 * The header's 70 bytes. Throws `BAD_REQUEST` for a field out of range.
 *
 * @example
 * import { checkRequestLife, decodeRequestHeader, encodeRequestHeader, keyIdOf, toHex } from "cocoon/protocol";
 *
 * const header = {
 *   keyId: keyIdOf(new Uint8Array(32).fill(1)),
 *   requestId: new Uint8Array(16).fill(2),
 *   expiresAt: 1_800_000_090,
 *   enc: new Uint8Array(32).fill(3),
 * };
 * const bytes = encodeRequestHeader(header);
 * console.log(bytes.length, toHex(decodeRequestHeader(bytes).keyId)); // 70 72cd6e8422c407fb
 * // Throws SEALED_EXPIRED too late, and too early.
 * checkRequestLife(header, 1_800_000_000);
 */
export function encodeRequestHeader(header: RequestHeader): Uint8Array {
  return createWriter(REQUEST_HEADER_BYTES)
    .bytes(MAGIC, MAGIC.length)
    .u8(SUITE)
    .u8(FLAGS)
    .bytes(header.keyId, KEY_ID_BYTES)
    .bytes(header.requestId, REQUEST_ID_BYTES)
    .u64(header.expiresAt)
    .bytes(header.enc, 32)
    .finish();
}

/** Reads the header in front of a sealed request; needs no key. Throws `SEALED_TRUNCATED` or `SEALED_MALFORMED`. */
export function decodeRequestHeader(sealed: Uint8Array): RequestHeader {
  if (sealed.length < REQUEST_HEADER_BYTES) {
    throw new FinalError("SEALED_TRUNCATED", "The sealed request ends inside its header.");
  }
  const reader = createReader(
    sealed.subarray(0, REQUEST_HEADER_BYTES),
    "SEALED_MALFORMED",
    "The sealed request",
  );
  reader.literal(MAGIC, "magic number");
  reader.literal(Uint8Array.of(SUITE), "suite");
  reader.literal(Uint8Array.of(FLAGS), "flags byte");
  return {
    keyId: reader.bytes(KEY_ID_BYTES),
    requestId: reader.bytes(REQUEST_ID_BYTES),
    expiresAt: reader.safeU64(),
    enc: reader.bytes(32),
  };
}

/** Throws `SEALED_EXPIRED` unless the request is still valid and not valid for longer than a worker remembers. */
export function checkRequestLife(header: RequestHeader, nowSeconds: number): void {
  if (header.expiresAt <= nowSeconds) {
    throw new FinalError("SEALED_EXPIRED", "The request has expired: seal it again.", {
      expiresAt: header.expiresAt,
    });
  }
  if (header.expiresAt > nowSeconds + MAX_REQUEST_LIFE_SECONDS) {
    throw new FinalError("SEALED_EXPIRED", "The request expires too far ahead: check the clock.", {
      expiresAt: header.expiresAt,
    });
  }
}
