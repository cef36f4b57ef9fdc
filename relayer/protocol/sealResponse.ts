import { FinalError } from "../errors";
import { concatBytes, utf8ToBytes } from "./bytes";
import * as primitives from "./crypto";
import {
  FRAME_HEAD_BYTES,
  FRAME_KINDS,
  MAX_FRAME_PAYLOAD,
  MAX_FRAMES,
  MAX_RECORD_BYTES,
  RESPONSE_NONCE_BYTES,
  RESPONSE_PAD_BYTES,
  writeFrameHead,
} from "./frames";
import { AEAD_TAG_BYTES } from "./primitives";
import { createResponseCipher, type ResponseContext } from "./responseKeys";
import { encodeResponseMeta, type ResponseMeta } from "./responseMeta";

const LENGTH_BYTES = 4;

/**
 * Seals one response. The calls come in this order, and each answer is written to the wire as it is:
 * `start`, `meta`, `data` any number of times, `record`, `final`. Another order throws `INTERNAL`.
 */
export interface ResponseSealer {
  /** The response nonce [32]. */
  start(): Uint8Array;
  /** The first data frame: status and content type of the backend's answer; not part of the transcript. */
  meta(meta: ResponseMeta): Uint8Array;
  /** A data frame, or several for more than `MAX_FRAME_PAYLOAD` bytes; an empty payload is a keep-alive. */
  data(payload: Uint8Array): Uint8Array;
  /** The clear record frame with exactly these bytes of JSON. Throws `SEALED_TOO_LARGE`. */
  record(json: Uint8Array | string): Uint8Array;
  /** The final frame, which seals the digest of the record. */
  final(): Uint8Array;
}

type Phase = "new" | "meta" | "data" | "final" | "done";

/** The sealer of the response to one opened request. */
export function createResponseSealer(context: ResponseContext, fixedNonce?: Uint8Array): ResponseSealer {
  const nonce = fixedNonce ?? primitives.randomBytes(RESPONSE_NONCE_BYTES);
  const cipher = createResponseCipher(context, nonce);
  let phase: Phase = "new";
  let index = 0;
  let recordDigest: Uint8Array | undefined;
  // Reused for every frame; a plaintext lives in it until the next one.
  let scratch = new Uint8Array(512);

  const advance = (from: Phase, to: Phase): void => {
    if (phase !== from) {
      throw new FinalError("INTERNAL", "The response was sealed in a wrong order.", { phase, from });
    }
    phase = to;
  };

  const sealFrame = (payload: Uint8Array, kind: number): Uint8Array => {
    if (index >= MAX_FRAMES) {
      throw new FinalError("SEALED_TOO_LARGE", "A response has too many frames.");
    }
    const used = LENGTH_BYTES + payload.length;
    const size = Math.ceil(used / RESPONSE_PAD_BYTES) * RESPONSE_PAD_BYTES;
    if (scratch.length < size) {
      scratch = new Uint8Array(2 * size);
    }
    scratch[0] = 0;
    scratch[1] = payload.length >>> 16;
    scratch[2] = (payload.length >>> 8) & 0xff;
    scratch[3] = payload.length & 0xff;
    scratch.set(payload, LENGTH_BYTES);
    scratch.fill(0, used, size);
    const out = new Uint8Array(FRAME_HEAD_BYTES + size + AEAD_TAG_BYTES);
    writeFrameHead(out, 0, size + AEAD_TAG_BYTES, kind);
    const plaintext = scratch.subarray(0, size);
    cipher.aead.sealInto(cipher.nonce(index), cipher.aad(index, kind), plaintext, out, FRAME_HEAD_BYTES);
    index += 1;
    return out;
  };

  return {
    start() {
      advance("new", "meta");
      return new Uint8Array(nonce);
    },
    meta(meta) {
      advance("meta", "data");
      return sealFrame(encodeResponseMeta(meta), FRAME_KINDS.data);
    },
    data(payload) {
      advance("data", "data");
      if (payload.length <= MAX_FRAME_PAYLOAD) {
        return sealFrame(payload, FRAME_KINDS.data);
      }
      const frames: Uint8Array[] = [];
      for (let at = 0; at < payload.length; at += MAX_FRAME_PAYLOAD) {
        frames.push(sealFrame(payload.subarray(at, at + MAX_FRAME_PAYLOAD), FRAME_KINDS.data));
      }
      return concatBytes(...frames);
    },
    record(json) {
      const record = typeof json === "string" ? utf8ToBytes(json) : json;
      if (record.length === 0 || record.length > MAX_RECORD_BYTES) {
        throw new FinalError("SEALED_TOO_LARGE", "A record is empty or larger than the format allows.", {
          length: record.length,
        });
      }
      advance("data", "final");
      recordDigest = primitives.sha256(record);
      const out = new Uint8Array(FRAME_HEAD_BYTES + record.length);
      writeFrameHead(out, 0, record.length, FRAME_KINDS.record);
      out.set(record, FRAME_HEAD_BYTES);
      return out;
    },
    final() {
      advance("final", "done");
      return sealFrame(recordDigest ?? new Uint8Array(0), FRAME_KINDS.final);
    },
  };
}
