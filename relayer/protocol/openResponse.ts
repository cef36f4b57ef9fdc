import { FinalError } from "../errors";
import { isZero } from "./bytes";
import * as primitives from "./crypto";
import {
  createFrameSplitter,
  FRAME_HEAD_BYTES,
  FRAME_KINDS,
  RESPONSE_PAD_BYTES,
  readU32,
  type SplitFrame,
} from "./frames";
import { unreadable } from "./hpke";
import { createResponseCipher, type ResponseCipher, type ResponseContext } from "./responseKeys";
import { decodeResponseMeta } from "./responseMeta";

const LENGTH_BYTES = 4;

/** What a response holds, in this order: one meta, data, one record, one final. */
export type OpenedFrame =
  | { readonly kind: "meta"; readonly status: number; readonly contentType: string }
  | { readonly kind: "data"; readonly payload: Uint8Array }
  /** The record's JSON bytes, not yet verified: `parseRecord`, `verifyRecord`. */
  | { readonly kind: "record"; readonly record: Uint8Array }
  /** The whole answer is there, and the record before is the one that the worker sealed. */
  | { readonly kind: "final" };

/** Opens one response stream. */
export interface ResponseOpener {
  /**
   * The frames that this chunk completes. A fault is thrown after the sound frames before it were returned, by the
   * next call at the latest; from then on every call throws it. Codes: those of `FrameSplitter.push`,
   * `SEALED_UNREADABLE`, and `RECEIPT_INVALID` when the record was exchanged on the way.
   */
  push(chunk: Uint8Array): OpenedFrame[];
  /** Throws `SEALED_TRUNCATED` when the stream ended without its final frame: the answer must not pass as whole. */
  end(): void;
}

/** The opener of the response to one sealed request. */
export function createResponseOpener(context: ResponseContext): ResponseOpener {
  const splitter = createFrameSplitter();
  let cipher: ResponseCipher | undefined;
  let index = 0;
  let recordDigest: Uint8Array | undefined;
  let failure: unknown;

  const openFrame = (bytes: Uint8Array, kind: number): Uint8Array => {
    const sealed = bytes.subarray(FRAME_HEAD_BYTES);
    const plaintext = cipher?.aead.open(cipher.nonce(index), cipher.aad(index, kind), sealed);
    if (plaintext === undefined) {
      throw unreadable("a frame does not authenticate");
    }
    index += 1;
    return payloadOf(plaintext);
  };

  const open = (frame: SplitFrame): OpenedFrame | undefined => {
    switch (frame.kind) {
      case "nonce":
        cipher = createResponseCipher(context, frame.bytes);
        return undefined;
      case "data": {
        const payload = openFrame(frame.bytes, FRAME_KINDS.data);
        return index === 1 ? { kind: "meta", ...decodeResponseMeta(payload) } : { kind: "data", payload };
      }
      case "record":
        recordDigest = primitives.sha256(frame.record);
        return { kind: "record", record: new Uint8Array(frame.record) };
      case "final": {
        const sealedDigest = openFrame(frame.bytes, FRAME_KINDS.final);
        if (recordDigest === undefined || !primitives.timingSafeEqual(sealedDigest, recordDigest)) {
          throw new FinalError("RECEIPT_INVALID", "The record is not the one that the worker sealed.");
        }
        return { kind: "final" };
      }
      default: {
        const impossible: never = frame;
        return impossible;
      }
    }
  };

  return {
    push(chunk) {
      if (failure !== undefined) {
        throw failure;
      }
      const opened: OpenedFrame[] = [];
      try {
        for (const frame of splitter.push(chunk)) {
          const result = open(frame);
          if (result !== undefined) {
            opened.push(result);
          }
        }
      } catch (thrown) {
        failure = thrown;
        if (opened.length === 0) {
          throw thrown;
        }
      }
      return opened;
    },
    end() {
      if (failure !== undefined) {
        throw failure;
      }
      splitter.end();
    },
  };
}

function payloadOf(plaintext: Uint8Array): Uint8Array {
  const end = LENGTH_BYTES + readU32(plaintext, 0);
  // One encoding: the payload fills all but the last step of padding.
  if (end > plaintext.length || plaintext.length - end >= RESPONSE_PAD_BYTES || !isZero(plaintext, end)) {
    throw unreadable("a frame's length or padding is wrong");
  }
  return plaintext.subarray(LENGTH_BYTES, end);
}
