import { FinalError } from "../errors";
import { concatBytes } from "./bytes";
import * as primitives from "./crypto";
import { createFrameAad, FRAME_HEAD_BYTES, FRAME_KINDS, MAX_FRAME_PLAINTEXT, writeFrameHead } from "./frames";
import { createHpkeSender } from "./hpke";
import { createResponseOpener, type ResponseOpener } from "./openResponse";
import { AEAD_TAG_BYTES } from "./primitives";
import { encodeRequestHeader, keyIdOf, REQUEST_HEADER_BYTES } from "./requestHeader";
import {
  REQUEST_INFO_TAG,
  REQUEST_PREFIX_BYTES,
  RESPONSE_EXPORT_TAG,
  SALT_BYTES,
  sealedRequestSize,
  sizeClassOf,
} from "./requestLayout";

/** A request ready to send, and what opens its answer. */
export interface SealedRequest {
  readonly bytes: Uint8Array;
  readonly openResponse: ResponseOpener;
}

/**
 * Seals a JSON body to a worker's attested HPKE key [32]. `bindHash` [32] is `H(bind)` of the verified statement,
 * `requestId` has 16 bytes, `salt` 32; `expiresAt` is unix seconds, at most 120 ahead of the worker's clock.
 * A retry, at the same worker or another, seals anew.
 * Throws `SEALED_TOO_LARGE`, `SEALED_UNREADABLE` for an unusable key, `BAD_REQUEST` for a field of wrong length.
 *
 * @example
 * import { bytesToUtf8, createResponseOpener, createResponseSealer, openRequest, primitives, sealRequest, utf8ToBytes } from "cocoon/protocol";
 *
 * const hpkePrivateKey = new Uint8Array(32).fill(1);
 * const hpkePublicKey = primitives.x25519KeyPair(hpkePrivateKey).publicKey;
 * const bindHash = new Uint8Array(32).fill(2);
 * const sealed = sealRequest({
 *   hpkePublicKey,
 *   bindHash,
 *   requestId: primitives.randomBytes(16),
 *   salt: primitives.randomBytes(32),
 *   expiresAt: 1_800_000_090,
 *   body: utf8ToBytes('{"model":"m"}'),
 * });
 * // In the enclave:
 * const opened = openRequest({ bytes: sealed.bytes, hpkePrivateKey, hpkePublicKey, bindHash });
 * console.log(bytesToUtf8(opened.body)); // {"model":"m"}
 * const { responseSealer } = opened;
 * const wire = [responseSealer.start(), responseSealer.meta({ status: 200, contentType: "text/plain" }), responseSealer.data(utf8ToBytes("hi"))];
 * // And back at the developer's:
 * console.log(wire.flatMap((chunk) => sealed.openResponse.push(chunk)).map(({ kind }) => kind)); // meta,data
 * // Whoever derives the keys otherwise brings them along.
 * const context = { secret: new Uint8Array(32), enc: new Uint8Array(32), headerHash: new Uint8Array(32) };
 * console.log(createResponseOpener(context).push(createResponseSealer(context).start()).length); // 0
 */
export function sealRequest(request: {
  readonly hpkePublicKey: Uint8Array;
  readonly bindHash: Uint8Array;
  readonly requestId: Uint8Array;
  readonly expiresAt: number;
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
  /** For published test vectors only. */
  readonly fixedEphemeralKey?: Uint8Array;
}): SealedRequest {
  if (request.bindHash.length !== 32 || request.salt.length !== SALT_BYTES) {
    throw new FinalError("BAD_REQUEST", "The bind hash and the salt have 32 bytes each.");
  }
  const plaintext = padded(request.salt, request.body);
  const sender = createHpkeSender({
    recipientPublicKey: request.hpkePublicKey,
    info: concatBytes(REQUEST_INFO_TAG, request.bindHash),
    fixedEphemeralKey: request.fixedEphemeralKey,
  });
  const header = encodeRequestHeader({
    keyId: keyIdOf(request.hpkePublicKey),
    requestId: request.requestId,
    expiresAt: request.expiresAt,
    enc: sender.enc,
  });
  const headerHash = primitives.sha256(header);
  const aad = createFrameAad(headerHash, 0);
  const bytes = new Uint8Array(sealedRequestSize(plaintext.length));
  bytes.set(header);
  let at = REQUEST_HEADER_BYTES;
  for (let from = 0, index = 0; from < plaintext.length; from += MAX_FRAME_PLAINTEXT, index += 1) {
    const piece = plaintext.subarray(from, from + MAX_FRAME_PLAINTEXT);
    const kind = from + piece.length === plaintext.length ? FRAME_KINDS.final : FRAME_KINDS.data;
    writeFrameHead(bytes, at, piece.length + AEAD_TAG_BYTES, kind);
    bytes.set(sender.seal(aad(index, kind), piece), at + FRAME_HEAD_BYTES);
    at += FRAME_HEAD_BYTES + piece.length + AEAD_TAG_BYTES;
  }
  const secret = sender.export(RESPONSE_EXPORT_TAG, 32);
  return { bytes, openResponse: createResponseOpener({ secret, enc: sender.enc, headerHash }) };
}

function padded(salt: Uint8Array, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(sizeClassOf(REQUEST_PREFIX_BYTES + body.length));
  out.set(salt);
  new DataView(out.buffer).setUint32(SALT_BYTES, body.length);
  out.set(body, REQUEST_PREFIX_BYTES);
  return out;
}
