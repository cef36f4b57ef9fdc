import { FinalError } from "../errors";
import { AEAD_TAG_BYTES } from "./primitives";

/** Numbers of a frame's kind; the record travels in clear, because the relayer needs it to be paid. */
export const FRAME_KINDS = { data: 0, final: 1, record: 2 } as const;

/** `u32` length and `u8` kind before each ciphertext. */
export const FRAME_HEAD_BYTES = 5;
/** Plaintext of one frame: small enough to hold per stream, large enough that its overhead vanishes. */
export const MAX_FRAME_PLAINTEXT = 64 * 1024;
/** Ciphertext of one frame. */
export const MAX_FRAME_CIPHERTEXT = MAX_FRAME_PLAINTEXT + AEAD_TAG_BYTES;
/** Response plaintexts are padded to multiples of this, so that a frame's size does not tell its token's length. */
export const RESPONSE_PAD_BYTES = 32;
/** Payload of one response data frame: what its length field leaves. */
export const MAX_FRAME_PAYLOAD = MAX_FRAME_PLAINTEXT - 4;
/** A record is a leaf, at most some 30 hashes and a signature: 2 KiB as JSON; more is not a record. */
export const MAX_RECORD_BYTES = 8 * 1024;
/** Random bytes in front of each response. */
export const RESPONSE_NONCE_BYTES = 32;
/** Frame numbers are `u32` in the associated data. */
export const MAX_FRAMES = 0xffffffff;

// length field and 32-byte digest, padded
const FINAL_CIPHERTEXT = 64 + AEAD_TAG_BYTES;

/** A piece of a response as it lies on the wire. `bytes` is the whole piece, to be passed on unchanged. */
export type SplitFrame =
  | { readonly kind: "nonce"; readonly bytes: Uint8Array }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "record"; readonly bytes: Uint8Array; readonly record: Uint8Array }
  | { readonly kind: "final"; readonly bytes: Uint8Array };

/** Cuts a response stream into its pieces without any key. */
export interface FrameSplitter {
  /**
   * The pieces that this chunk completes. They may be views of the chunk: do not overwrite it while they are in use.
   * A fault is thrown after the sound pieces before it were returned, by the next call at the latest, so that the
   * result does not depend on how the stream was cut; from then on every call throws it.
   * `SEALED_MALFORMED`: unknown kind, wrong order, impossible length, bytes after the final frame. `SEALED_TOO_LARGE`.
   */
  push(chunk: Uint8Array): SplitFrame[];
  /** Throws `SEALED_TRUNCATED` unless the final frame was seen. */
  end(): void;
}

/** Writes a frame's head at `offset`. */
export function writeFrameHead(out: Uint8Array, offset: number, length: number, kind: number): void {
  out[offset] = length >>> 24;
  out[offset + 1] = (length >>> 16) & 0xff;
  out[offset + 2] = (length >>> 8) & 0xff;
  out[offset + 3] = length & 0xff;
  out[offset + 4] = kind;
}

/** The `u32` at `offset`. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] ?? 0) * 0x1000000 +
    (((bytes[offset + 1] ?? 0) << 16) | ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0))
  );
}

/**
 * The associated data of a message's frames: `prefix[32] ‖ u8 direction ‖ u32 index ‖ u8 kind`.
 * The answer is one array that the next call overwrites.
 */
export function createFrameAad(
  prefix: Uint8Array,
  direction: 0 | 1,
): (index: number, kind: number) => Uint8Array {
  const aad = new Uint8Array(38);
  aad.set(prefix);
  aad[32] = direction;
  return (index, kind) => {
    aad[33] = index >>> 24;
    aad[34] = (index >>> 16) & 0xff;
    aad[35] = (index >>> 8) & 0xff;
    aad[36] = index & 0xff;
    aad[37] = kind;
    return aad;
  };
}

/**
 * A splitter for one response stream. It holds at most one unfinished frame.
 *
 * @example
 * import { createFrameAad, createFrameSplitter, FRAME_HEAD_BYTES, FRAME_KINDS, readU32, toHex, writeFrameHead } from "cocoon/protocol";
 *
 * const frame = new Uint8Array(FRAME_HEAD_BYTES + 48);
 * writeFrameHead(frame, 0, 48, FRAME_KINDS.data);
 * console.log(readU32(frame, 0), toHex(createFrameAad(new Uint8Array(32), 1)(0, FRAME_KINDS.data)).slice(64)); // 48 010000000000
 * const splitter = createFrameSplitter();
 * // The response's nonce, then half of a frame, then the rest.
 * const nonce = splitter.push(new Uint8Array(32));
 * const half = splitter.push(frame.subarray(0, 20));
 * const rest = splitter.push(frame.subarray(20));
 * console.log(nonce[0]?.kind, half.length, rest[0]?.kind); // nonce 0 data
 */
export function createFrameSplitter(): FrameSplitter {
  const order = createOrderCheck();
  let nonceSeen = false;
  let failure: unknown;
  // An unfinished piece: its first `filled` bytes are there. A frame starts as its head alone.
  let held: Uint8Array | undefined;
  let filled = 0;

  const wanted = (head: Uint8Array): number =>
    nonceSeen ? FRAME_HEAD_BYTES + order.accept(readU32(head, 0), head[4] ?? 0) : RESPONSE_NONCE_BYTES;
  const least = (): number => (nonceSeen ? FRAME_HEAD_BYTES : RESPONSE_NONCE_BYTES);
  const finish = (bytes: Uint8Array): SplitFrame => {
    if (!nonceSeen) {
      nonceSeen = true;
      return { kind: "nonce", bytes };
    }
    return asFrame(bytes);
  };

  const split = (chunk: Uint8Array, out: SplitFrame[]): void => {
    let at = 0;
    while (at < chunk.length) {
      if (held === undefined) {
        const left = chunk.length - at;
        const size = left < least() ? undefined : wanted(chunk.subarray(at, at + least()));
        if (size !== undefined && size <= left) {
          out.push(finish(chunk.subarray(at, at + size)));
          at += size;
          continue;
        }
        held = new Uint8Array(size ?? least());
        filled = 0;
      }
      const step = Math.min(held.length - filled, chunk.length - at);
      held.set(chunk.subarray(at, at + step), filled);
      filled += step;
      at += step;
      if (filled < held.length) {
        continue;
      }
      if (nonceSeen && held.length === FRAME_HEAD_BYTES) {
        const frame: Uint8Array = new Uint8Array(wanted(held));
        frame.set(held);
        held = frame;
        continue;
      }
      const whole = held;
      held = undefined;
      out.push(finish(whole));
    }
  };

  return {
    push(chunk) {
      if (failure !== undefined) {
        throw failure;
      }
      const out: SplitFrame[] = [];
      try {
        split(chunk, out);
      } catch (thrown) {
        failure = thrown;
        if (out.length === 0) {
          throw thrown;
        }
      }
      return out;
    },
    end() {
      if (failure !== undefined) {
        throw failure;
      }
      if (!order.complete() || held !== undefined) {
        throw new FinalError("SEALED_TRUNCATED", "The response ended before its final frame.");
      }
    },
  };
}

/** Accepts frames in their only legal order: data frames, one record, one final frame. */
function createOrderCheck(): { accept(length: number, kind: number): number; complete(): boolean } {
  let phase: "start" | "data" | "record" | "final" = "start";
  return {
    accept(length, kind) {
      switch (kind) {
        case FRAME_KINDS.data:
          if (length > MAX_FRAME_CIPHERTEXT) {
            throw tooLarge(length);
          }
          if (phase === "record" || phase === "final") {
            throw malformed("A data frame follows the record.");
          }
          if (length <= AEAD_TAG_BYTES || (length - AEAD_TAG_BYTES) % RESPONSE_PAD_BYTES !== 0) {
            throw malformed("A data frame has an impossible length.");
          }
          phase = "data";
          return length;
        case FRAME_KINDS.record:
          if (length > MAX_RECORD_BYTES) {
            throw tooLarge(length);
          }
          if (phase !== "data" || length === 0) {
            throw malformed("The record is empty, repeated or before the data.");
          }
          phase = "record";
          return length;
        case FRAME_KINDS.final:
          if (phase !== "record" || length !== FINAL_CIPHERTEXT) {
            throw malformed("The final frame has a wrong place or length.");
          }
          phase = "final";
          return length;
        default:
          throw malformed("A frame has an unknown kind.");
      }
    },
    complete: () => phase === "final",
  };
}

function asFrame(bytes: Uint8Array): SplitFrame {
  switch (bytes[4]) {
    case FRAME_KINDS.data:
      return { kind: "data", bytes };
    case FRAME_KINDS.record:
      return { kind: "record", bytes, record: bytes.subarray(FRAME_HEAD_BYTES) };
    default:
      return { kind: "final", bytes };
  }
}

function malformed(message: string): FinalError {
  return new FinalError("SEALED_MALFORMED", message);
}

function tooLarge(length: number): FinalError {
  return new FinalError("SEALED_TOO_LARGE", "A frame is larger than the format allows.", { length });
}
