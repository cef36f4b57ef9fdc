import { createHash } from "node:crypto";
import { beginCell, type Cell } from "@ton/core";
import { decodeP256Point, hintedSignature, type P256Signature } from "../../../wrappers/p256";
import { FinalError } from "../../errors";

// Bytes into cells, for contracts that read signed things without parsing them.

/** As many whole bytes as a cell holds. */
export const MAX_CELL_BYTES = 127;

/** Each piece in a cell that holds the next one as its reference. */
export function chain(parts: readonly Uint8Array[]): Cell {
  const last = parts.reduceRight<Cell | undefined>((next, part) => {
    const cell = beginCell().storeBuffer(Buffer.from(part));
    return (next === undefined ? cell : cell.storeRef(next)).endCell();
  }, undefined);
  return last ?? beginCell().endCell();
}

/** Signature and hints. Throws `ATTESTATION_REFUSED` for one of the few signatures that have none. */
export function signatureCell(message: Uint8Array, signature: P256Signature, key: Uint8Array): Cell {
  try {
    return hintedSignature(sha256(message), signature, decodeP256Point(key));
  } catch (cause) {
    throw new FinalError("ATTESTATION_REFUSED", "A signature cannot be verified on chain.", {}, { cause });
  }
}

/** Pieces of these sizes, which are all there is. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Buffer[] {
  if (sizes.reduce((sum, size) => sum + size, 0) !== bytes.length) {
    throw layout("quote");
  }
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return Buffer.from(bytes.subarray(at - size, at));
  });
}

/** Exactly so many pieces, about equally long. */
export function split(bytes: Buffer, count: number): Buffer[] {
  const size = Math.ceil(bytes.length / count);
  if (size > MAX_CELL_BYTES) {
    throw layout("certificate");
  }
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

/** Pieces as long as a cell holds, the last one with what is left. */
export function fill(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / MAX_CELL_BYTES);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * MAX_CELL_BYTES, (index + 1) * MAX_CELL_BYTES),
  );
}

export function layout(what: string): FinalError {
  return new FinalError("ATTESTATION_REFUSED", `The ${what} has a layout that cannot be verified on chain.`);
}

export function sha256(bytes: Uint8Array): bigint {
  return toUint(createHash("sha256").update(bytes).digest());
}

export function toUint(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
