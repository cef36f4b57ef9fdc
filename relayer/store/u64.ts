import { FinalError } from "../errors";

const WIDTH = 20;
const MAX = (1n << 64n) - 1n;

/**
 * An unsigned 64-bit number as it is stored: 20 decimal digits with leading zeros. Neither SQLite's INTEGER nor
 * PostgreSQL's BIGINT holds a u64; this text is exact on both and sorts like the number.
 */
export function toU64Text(value: bigint): string {
  if (value < 0n || value > MAX) {
    throw new FinalError("STORE_FAILED", "A stored amount or logical time must fit 64 unsigned bits.", {
      value,
    });
  }
  return value.toString().padStart(WIDTH, "0");
}

export function fromU64Text(text: string): bigint {
  return BigInt(text);
}

export function toU64TextOrNull(value: bigint | undefined): string | null {
  return value === undefined ? null : toU64Text(value);
}

export function fromU64TextOrNull(text: string | null): bigint | undefined {
  return text === null ? undefined : BigInt(text);
}
