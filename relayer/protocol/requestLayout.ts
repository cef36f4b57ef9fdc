import { FinalError } from "../errors";
import { tagBytes } from "./bytes";
import { FRAME_HEAD_BYTES, MAX_FRAME_PLAINTEXT } from "./frames";
import { AEAD_TAG_BYTES } from "./primitives";
import { REQUEST_HEADER_BYTES } from "./requestHeader";

/** HPKE `info` is this tag and `H(bind)`: a request opens only under the bind statement that the client verified. */
export const REQUEST_INFO_TAG = tagBytes("cocoon/request/v1");
/** HPKE export context of the response secret. */
export const RESPONSE_EXPORT_TAG = tagBytes("cocoon/response/v1");

/** The developer's salt, 32 bytes, opens the plaintext. */
export const SALT_BYTES = 32;
/** Salt and `u32` length before the JSON body. */
export const REQUEST_PREFIX_BYTES = SALT_BYTES + 4;
/** Smallest padded plaintext: short prompts all look alike. */
export const MIN_REQUEST_PLAINTEXT = 512;
/** Largest padded plaintext: two million tokens of text, and what a worker can hold for many clients at once. */
export const MAX_REQUEST_PLAINTEXT = 8 * 1024 * 1024;
/** Largest JSON body. */
export const MAX_REQUEST_BODY = MAX_REQUEST_PLAINTEXT - REQUEST_PREFIX_BYTES;
/** Largest sealed request: what a server may read before it refuses. */
export const MAX_SEALED_REQUEST = sealedRequestSize(MAX_REQUEST_PLAINTEXT);

/**
 * The smallest size class that holds `length` plaintext bytes: 512, 768, 1024, 1536, 2048, … 8 MiB, that is 2^k and
 * 3·2^(k-1). At most half is padding, and 29 classes tell an observer less than five bits.
 * Throws `SEALED_TOO_LARGE` above the largest.
 *
 * @example
 * import { sealedRequestSize, sizeClassOf } from "cocoon/protocol";
 *
 * console.log(sizeClassOf(100), sizeClassOf(5_000), sealedRequestSize(sizeClassOf(100))); // 512 6144 603
 */
export function sizeClassOf(length: number): number {
  if (length > MAX_REQUEST_PLAINTEXT) {
    throw new FinalError("SEALED_TOO_LARGE", "The request is larger than the format allows.", { length });
  }
  let size = MIN_REQUEST_PLAINTEXT;
  while (size < length) {
    const between = (size / 2) * 3;
    if (between >= length) {
      return between;
    }
    size *= 2;
  }
  return size;
}

/** Bytes of a sealed request with so many padded plaintext bytes. */
export function sealedRequestSize(plaintext: number): number {
  const frames = Math.ceil(plaintext / MAX_FRAME_PLAINTEXT);
  return REQUEST_HEADER_BYTES + frames * (FRAME_HEAD_BYTES + AEAD_TAG_BYTES) + plaintext;
}
