import { BitString, Cell } from "@ton/core";

/** A cell as it lies in a bag of cells: neither hashed nor made. */
export interface RawCell {
  readonly bits: BitString;
  readonly refs: readonly number[];
  readonly exotic: boolean;
}

/** Every cell of a bag, the root first. */
export function rawCells(boc: Buffer): RawCell[] {
  const flags = boc.readUInt8(4);
  const size = flags & 7;
  const offsetBytes = boc.readUInt8(5);
  const count = boc.readUIntBE(6, size);
  const roots = boc.readUIntBE(6 + size, size);
  const hasIndex = (flags & 0x80) !== 0;
  let at = 6 + 3 * size + offsetBytes + roots * size + (hasIndex ? count * offsetBytes : 0);
  const cells: RawCell[] = [];
  for (let index = 0; index < count; index += 1) {
    const refCount = boc.readUInt8(at) & 7;
    const exotic = (boc.readUInt8(at) & 8) !== 0;
    const halfBytes = boc.readUInt8(at + 1);
    const bytes = Math.ceil(halfBytes / 2);
    const bits = new BitString(boc, (at + 2) * 8, bitLength(boc, at + 2, halfBytes));
    at += 2 + bytes;
    const refs = Array.from({ length: refCount }, (_, ref) => boc.readUIntBE(at + ref * size, size));
    at += refCount * size;
    cells.push({ bits, refs, exotic });
  }
  return cells;
}

/** An odd number of half bytes says that the last byte ends with a 1 and zeros that are no part of the cell. */
function bitLength(boc: Buffer, start: number, halfBytes: number): number {
  if (halfBytes % 2 === 0) {
    return halfBytes * 4;
  }
  const bytes = Math.ceil(halfBytes / 2);
  const last = boc.readUInt8(start + bytes - 1);
  return bytes * 8 - 1 - Math.log2(last & -last);
}

/** The cell with that index, and those below it. */
export function toCell(cells: readonly RawCell[], index: number): Cell {
  const { bits, refs, exotic } = at(cells, index);
  return new Cell({ bits, exotic, refs: refs.map((ref) => toCell(cells, ref)) });
}

export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) {
    throw new Error("The bag of cells ends too early.");
  }
  return item;
}
