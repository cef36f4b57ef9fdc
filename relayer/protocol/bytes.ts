import { type ErrorCode, FinalError } from "../errors";

const TEXT_ENCODER = new TextEncoder();
const TEXT_DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const U64_LIMIT = 1n << 64n;

/** Writes fixed-width big-endian fields into one array whose size is known before. */
export interface Writer {
  u8(value: number): Writer;
  u16(value: number): Writer;
  u32(value: number): Writer;
  i8(value: number): Writer;
  i32(value: number): Writer;
  /** A bigint, or a safe integer. */
  u64(value: bigint | number): Writer;
  /** Exactly `length` bytes; another length is refused. */
  bytes(value: Uint8Array, length: number): Writer;
  /** The array; refused while fields are missing. */
  finish(): Uint8Array;
}

/** Reads what `Writer` writes. Every read past the end throws the error given at creation. */
export interface Reader {
  u8(): number;
  u16(): number;
  u32(): number;
  i8(): number;
  i32(): number;
  u64(): bigint;
  /** A u64 that must fit a safe integer (sizes, indexes, times). */
  safeU64(): number;
  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array;
  /** Throws when the next bytes are not exactly these. */
  literal(expected: Uint8Array, field: string): void;
  /** Throws when bytes are left over. */
  end(): void;
}

/**
 * A writer for exactly `size` bytes. Throws `BAD_REQUEST` for a field outside its range or a wrong size.
 *
 * @example
 * import { bytesToUtf8, concatBytes, createReader, createWriter, equalBytes, isZero, tagBytes, toHex, utf8ToBytes } from "cocoon/protocol";
 *
 * const bytes = createWriter(7).u8(1).u16(2).u32(3).finish();
 * const reader = createReader(bytes, "BAD_REQUEST", "The example");
 * console.log(toHex(bytes), reader.u8(), reader.u16(), reader.u32()); // 01000200000003 1 2 3
 * // A tag ends with a zero byte, so that none is another's beginning.
 * console.log(toHex(tagBytes("ab")), bytesToUtf8(concatBytes(utf8ToBytes("a"), utf8ToBytes("b")))); // 616200 ab
 * console.log(equalBytes(bytes, bytes.slice()), isZero(new Uint8Array(4)), isZero(bytes, 1)); // true true false
 */
export function createWriter(size: number): Writer {
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  const take = (length: number): number => {
    const from = at;
    if (from + length > size) {
      throw new FinalError("BAD_REQUEST", "The fields do not fit their fixed-width layout.", { size });
    }
    at += length;
    return from;
  };
  const inRange = (value: number, min: number, max: number): number => {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new FinalError("BAD_REQUEST", "A number is outside the range of its field.", { value, min, max });
    }
    return value;
  };
  const writer: Writer = {
    u8: (value) => {
      view.setUint8(take(1), inRange(value, 0, 0xff));
      return writer;
    },
    u16: (value) => {
      view.setUint16(take(2), inRange(value, 0, 0xffff));
      return writer;
    },
    u32: (value) => {
      view.setUint32(take(4), inRange(value, 0, 0xffffffff));
      return writer;
    },
    i8: (value) => {
      view.setInt8(take(1), inRange(value, -0x80, 0x7f));
      return writer;
    },
    i32: (value) => {
      view.setInt32(take(4), inRange(value, -0x80000000, 0x7fffffff));
      return writer;
    },
    u64: (value) => {
      const wide = typeof value === "bigint" ? value : BigInt(inRange(value, 0, Number.MAX_SAFE_INTEGER));
      if (wide < 0n || wide >= U64_LIMIT) {
        throw new FinalError("BAD_REQUEST", "A number is outside the range of its 64-bit field.", {
          value: wide,
        });
      }
      view.setBigUint64(take(8), wide);
      return writer;
    },
    bytes: (value, length) => {
      if (value.length !== length) {
        throw new FinalError("BAD_REQUEST", "A byte string has the wrong length for its field.", {
          length: value.length,
          expected: length,
        });
      }
      out.set(value, take(length));
      return writer;
    },
    finish: () => {
      if (at !== size) {
        throw new FinalError("BAD_REQUEST", "Fields are missing from a fixed-width layout.", { at, size });
      }
      return out;
    },
  };
  return writer;
}

/** A reader whose failures are `FinalError(code)` naming `what`, for example "The tree head". */
export function createReader(input: Uint8Array, code: ErrorCode, what: string): Reader {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let at = 0;
  const take = (length: number): number => {
    const from = at;
    if (from + length > input.length) {
      throw new FinalError(code, `${what} is shorter than its layout.`, { length: input.length });
    }
    at += length;
    return from;
  };
  const reader: Reader = {
    u8: () => view.getUint8(take(1)),
    u16: () => view.getUint16(take(2)),
    u32: () => view.getUint32(take(4)),
    i8: () => view.getInt8(take(1)),
    i32: () => view.getInt32(take(4)),
    u64: () => view.getBigUint64(take(8)),
    safeU64: () => {
      const value = reader.u64();
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
        throw new FinalError(code, `${what} holds a number that is too large.`, { value });
      }
      return Number(value);
    },
    bytes: (length) => {
      const from = take(length);
      return new Uint8Array(input.subarray(from, from + length));
    },
    literal: (expected, field) => {
      const from = take(expected.length);
      if (!equalBytes(input.subarray(from, from + expected.length), expected)) {
        throw new FinalError(code, `${what} has an unexpected ${field}.`);
      }
    },
    end: () => {
      if (at !== input.length) {
        throw new FinalError(code, `${what} is longer than its layout.`, { length: input.length });
      }
    },
  };
  return reader;
}

/** One array with all parts, in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) {
    length += part.length;
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Compares public values; secrets are compared with `primitives.timingSafeEqual`. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) {
    return false;
  }
  for (let i = 0; i < left.length; i += 1) {
    if (left[i] !== right[i]) {
      return false;
    }
  }
  return true;
}

/** True when every byte from `start` is zero. */
export function isZero(bytes: Uint8Array, start = 0): boolean {
  for (let i = start; i < bytes.length; i += 1) {
    if (bytes[i] !== 0) {
      return false;
    }
  }
  return true;
}

/** A domain separation tag: ASCII text and one zero byte. */
export function tagBytes(text: string): Uint8Array {
  return TEXT_ENCODER.encode(`${text}\0`);
}

/** Text as UTF-8. */
export function utf8ToBytes(text: string): Uint8Array {
  return TEXT_ENCODER.encode(text);
}

/** UTF-8 as text; a malformed sequence throws `BAD_REQUEST`. */
export function bytesToUtf8(bytes: Uint8Array): string {
  try {
    return TEXT_DECODER.decode(bytes);
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The text is not valid UTF-8.", {}, { cause });
  }
}
