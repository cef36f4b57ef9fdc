import { FinalError } from "../errors";
import { concatBytes, equalBytes, isZero } from "./bytes";
import * as primitives from "./crypto";
import { createFrameAad, FRAME_HEAD_BYTES, FRAME_KINDS, MAX_FRAME_PLAINTEXT, readU32 } from "./frames";
import { createHpkeReceiver, type HpkeReceiver, unreadable } from "./hpke";
import { AEAD_TAG_BYTES } from "./primitives";
import {
  checkRequestLife,
  decodeRequestHeader,
  keyIdOf,
  REQUEST_HEADER_BYTES,
  type RequestHeader,
} from "./requestHeader";
import {
  MAX_SEALED_REQUEST,
  REQUEST_INFO_TAG,
  REQUEST_PREFIX_BYTES,
  RESPONSE_EXPORT_TAG,
  SALT_BYTES,
  sizeClassOf,
} from "./requestLayout";
import { createResponseSealer, type ResponseSealer } from "./sealResponse";

/** A request as the worker sees it. `salt` [32] and `body` (JSON) are secret. */
export interface OpenedRequest {
  readonly header: RequestHeader;
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
  readonly responseSealer: ResponseSealer;
}

/**
 * Opens a whole sealed request with the worker's HPKE key pair (32 bytes each) and `H(bind)` [32]. It does not detect
 * repeats: the caller refuses a known (requestId, enc) until `header.expiresAt`.
 * Throws `SEALED_TRUNCATED`, `SEALED_MALFORMED` (framing), `SEALED_TOO_LARGE`, `STALE_KEY` (sealed to another key),
 * `SEALED_EXPIRED`, and `SEALED_UNREADABLE`, one answer for whatever fails from the first decryption on.
 */
export function openRequest(request: {
  readonly hpkePrivateKey: Uint8Array;
  readonly hpkePublicKey: Uint8Array;
  readonly bindHash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly nowSeconds: number;
  /** For published test vectors only. */
  readonly fixedResponseNonce?: Uint8Array;
}): OpenedRequest {
  const { bytes } = request;
  if (bytes.length > MAX_SEALED_REQUEST) {
    throw new FinalError("SEALED_TOO_LARGE", "The sealed request is larger than the format allows.", {
      length: bytes.length,
    });
  }
  const header = decodeRequestHeader(bytes);
  if (!equalBytes(header.keyId, keyIdOf(request.hpkePublicKey))) {
    throw new FinalError("STALE_KEY", "The request is sealed to another key: fetch the attestation again.");
  }
  checkRequestLife(header, request.nowSeconds);
  const frames = splitRequest(bytes);
  const receiver = createHpkeReceiver({
    enc: header.enc,
    recipientPrivateKey: request.hpkePrivateKey,
    recipientPublicKey: request.hpkePublicKey,
    info: concatBytes(REQUEST_INFO_TAG, request.bindHash),
  });
  const headerHash = primitives.sha256(bytes.subarray(0, REQUEST_HEADER_BYTES));
  const plaintext = openFrames(receiver, headerHash, frames);
  const secret = receiver.export(RESPONSE_EXPORT_TAG, 32);
  return {
    header,
    salt: plaintext.subarray(0, SALT_BYTES),
    body: bodyOf(plaintext),
    responseSealer: createResponseSealer({ secret, enc: header.enc, headerHash }, request.fixedResponseNonce),
  };
}

/** Ciphertexts in order: every one but the last holds exactly 64 KiB, so a message has one encoding. */
function splitRequest(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let at = REQUEST_HEADER_BYTES;
  for (;;) {
    if (at + FRAME_HEAD_BYTES > bytes.length) {
      throw new FinalError("SEALED_TRUNCATED", "The sealed request ends before its final frame.");
    }
    const length = readU32(bytes, at);
    const kind = bytes[at + 4];
    const plaintext = length - AEAD_TAG_BYTES;
    if (plaintext > MAX_FRAME_PLAINTEXT) {
      throw new FinalError("SEALED_TOO_LARGE", "A frame is larger than the format allows.", { length });
    }
    if (kind !== FRAME_KINDS.data && kind !== FRAME_KINDS.final) {
      throw new FinalError("SEALED_MALFORMED", "A frame of the sealed request has an unknown kind.");
    }
    if (plaintext < 1 || (kind === FRAME_KINDS.data && plaintext !== MAX_FRAME_PLAINTEXT)) {
      throw new FinalError("SEALED_MALFORMED", "A frame of the sealed request has an impossible length.");
    }
    at += FRAME_HEAD_BYTES;
    if (at + length > bytes.length) {
      throw new FinalError("SEALED_TRUNCATED", "The sealed request ends inside a frame.");
    }
    frames.push(bytes.subarray(at, at + length));
    at += length;
    if (kind === FRAME_KINDS.final) {
      break;
    }
  }
  if (at !== bytes.length) {
    throw new FinalError("SEALED_MALFORMED", "Bytes follow the final frame of the sealed request.");
  }
  return frames;
}

function openFrames(
  receiver: HpkeReceiver,
  headerHash: Uint8Array,
  frames: readonly Uint8Array[],
): Uint8Array {
  const aad = createFrameAad(headerHash, 0);
  const pieces = frames.map((frame, index) =>
    receiver.open(aad(index, index === frames.length - 1 ? FRAME_KINDS.final : FRAME_KINDS.data), frame),
  );
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : concatBytes(...pieces);
}

function bodyOf(plaintext: Uint8Array): Uint8Array {
  if (plaintext.length < REQUEST_PREFIX_BYTES || sizeClassOf(plaintext.length) !== plaintext.length) {
    throw unreadable("the plaintext is not padded to a size class");
  }
  const end = REQUEST_PREFIX_BYTES + readU32(plaintext, SALT_BYTES);
  if (end > plaintext.length || !isZero(plaintext, end)) {
    throw unreadable("the plaintext's length or padding is wrong");
  }
  return plaintext.subarray(REQUEST_PREFIX_BYTES, end);
}
