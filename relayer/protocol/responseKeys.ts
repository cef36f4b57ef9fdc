import { concatBytes, utf8ToBytes } from "./bytes";
import * as primitives from "./crypto";
import { createFrameAad } from "./frames";
import { writeNonce } from "./hpke";
import { AEAD_NONCE_BYTES, type Aead } from "./primitives";

const KEY_INFO = utf8ToBytes("key");
const NONCE_INFO = utf8ToBytes("nonce");

/** What both sides keep of a request to protect its response. */
export interface ResponseContext {
  /** HPKE export of the request's context [32]. */
  readonly secret: Uint8Array;
  /** The request's encapsulated key [32]. */
  readonly enc: Uint8Array;
  /** `H(header)` of the request [32]. */
  readonly headerHash: Uint8Array;
}

/** Key and per-frame inputs of one response; the arrays of `nonce` and `aad` are overwritten by the next call. */
export interface ResponseCipher {
  readonly aead: Aead;
  nonce(index: number): Uint8Array;
  aad(index: number, kind: number): Uint8Array;
}

/**
 * The response key [32] and base nonce [12] (the schedule of OHTTP, RFC 9458 section 4.4, and of EHBP).
 *
 * @example
 * import { createResponseCipher, deriveResponseKey, toHex, utf8ToBytes } from "cocoon/protocol";
 *
 * const context = { secret: new Uint8Array(32).fill(1), enc: new Uint8Array(32).fill(2), headerHash: new Uint8Array(32).fill(3) };
 * const responseNonce = new Uint8Array(32).fill(4);
 * console.log(toHex(deriveResponseKey({ ...context, responseNonce }).nonceBase)); // 35b8919e858a8c30f0c8718a
 * const cipher = createResponseCipher(context, responseNonce);
 * const sealed = new Uint8Array(5 + 16);
 * cipher.aead.sealInto(cipher.nonce(0), cipher.aad(0, 0), utf8ToBytes("hello"), sealed, 0);
 * console.log(cipher.aead.open(cipher.nonce(0), cipher.aad(0, 0), sealed)?.length); // 5
 */
export function deriveResponseKey(inputs: {
  readonly secret: Uint8Array;
  readonly enc: Uint8Array;
  readonly responseNonce: Uint8Array;
}): { readonly key: Uint8Array; readonly nonceBase: Uint8Array } {
  const prk = primitives.hkdfExtract(concatBytes(inputs.enc, inputs.responseNonce), inputs.secret);
  return {
    key: primitives.hkdfExpand(prk, KEY_INFO, 32),
    nonceBase: primitives.hkdfExpand(prk, NONCE_INFO, AEAD_NONCE_BYTES),
  };
}

/** The cipher of the response with this nonce [32]. */
export function createResponseCipher(context: ResponseContext, responseNonce: Uint8Array): ResponseCipher {
  const { key, nonceBase } = deriveResponseKey({ ...context, responseNonce });
  const nonce = new Uint8Array(AEAD_NONCE_BYTES);
  return {
    aead: primitives.createAead(key),
    nonce(index) {
      writeNonce(nonce, nonceBase, index);
      return nonce;
    },
    aad: createFrameAad(primitives.sha256(context.headerHash, responseNonce), 1),
  };
}
