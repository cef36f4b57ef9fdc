/** Byte strings of one width, one behind the other in one piece of memory: an object for each takes six times as much. */
export interface ByteRows {
  count(): number;
  push(...parts: readonly Uint8Array[]): void;
  /** A view of the row. Rows never change. */
  at(index: number): Uint8Array | undefined;
}

const FIRST_ROWS = 16;

/** `width` in bytes; the parts of a `push` add up to it. */
export function createByteRows(width: number): ByteRows {
  let bytes = new Uint8Array(FIRST_ROWS * width);
  let count = 0;
  return {
    count: () => count,
    push(...parts) {
      if (count * width === bytes.length) {
        const larger = new Uint8Array(2 * bytes.length);
        larger.set(bytes);
        bytes = larger;
      }
      let at = count * width;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
      count += 1;
    },
    at: (index) =>
      index >= 0 && index < count ? bytes.subarray(index * width, (index + 1) * width) : undefined,
  };
}
