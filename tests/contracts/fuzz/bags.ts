import { BitString, Cell } from "@ton/core";

/** A bag of cells where it lies: no cell is made or hashed before somebody asks for it. */
export interface Bag {
  /** Of the cell with that index; the root has 0. */
  bits(index: number): BitString;
  refs(index: number): readonly number[];
  isExotic(index: number): boolean;
  /** The cell, with those below it. */
  cell(index: number): Cell;
}

export interface Bags {
  read(base64: string): Bag;
  /** Forgets the cells that were made so far. */
  forget(): void;
}

interface Made {
  readonly cell: Cell;
  readonly id: number;
}

/**
 * Reads bags that mostly hold the same cells: each is made once, and is the same object in all of them. To make and hash
 * a cell takes ten times as long as to find it by its bytes.
 */
export function createBags(): Bags {
  const made = new Map<string, Made>();
  let count = 0;
  return {
    read: (base64) =>
      readBag(Buffer.from(base64, "base64"), (content, make) => {
        let known = made.get(content);
        if (known === undefined) {
          count += 1; // never begins again: what was forgotten must not be taken for what is made later
          known = { cell: make(), id: count };
          made.set(content, known);
        }
        return known;
      }),
    forget: () => made.clear(),
  };
}

function readBag(boc: Buffer, once: (content: string, make: () => Cell) => Made): Bag {
  const flags = boc.readUInt8(4);
  const size = flags & 7;
  const offsetBytes = boc.readUInt8(5);
  const count = boc.readUIntBE(6, size);
  const roots = boc.readUIntBE(6 + size, size);
  const hasIndex = (flags & 0x80) !== 0;
  let next = 6 + 3 * size + offsetBytes + roots * size + (hasIndex ? count * offsetBytes : 0);
  const starts: number[] = [];
  for (let index = 0; index < count; index += 1) {
    starts.push(next);
    next += 2 + byteLength(boc, next) + (boc.readUInt8(next) & 7) * size;
  }
  const startOf = (index: number): number => {
    const start = starts[index];
    if (start === undefined) {
      throw new Error("The bag of cells ends too early.");
    }
    return start;
  };

  const bits = (index: number) => bitsAt(boc, startOf(index));
  const isExotic = (index: number) => (boc.readUInt8(startOf(index)) & 8) !== 0;
  const refs = (index: number) => {
    const start = startOf(index);
    const from = start + 2 + byteLength(boc, start);
    return Array.from({ length: boc.readUInt8(start) & 7 }, (_, ref) =>
      boc.readUIntBE(from + ref * size, size),
    );
  };
  const make = (index: number): Made => {
    const below = refs(index).map(make);
    const start = startOf(index);
    const bytes = boc.toString("latin1", start, start + 2 + byteLength(boc, start));
    return once(
      bytes + below.map(({ id }) => id).join(),
      () => new Cell({ bits: bits(index), exotic: isExotic(index), refs: below.map(({ cell }) => cell) }),
    );
  };
  return { bits, refs, isExotic, cell: (index) => make(index).cell };
}

const byteLength = (boc: Buffer, start: number): number => (boc.readUInt8(start + 1) + 1) >> 1;

/** An odd number of half bytes says that the last byte ends with a 1 and zeros that are no part of the cell. */
function bitsAt(boc: Buffer, start: number): BitString {
  const halfBytes = boc.readUInt8(start + 1);
  if (halfBytes % 2 === 0) {
    return new BitString(boc, (start + 2) * 8, halfBytes * 4);
  }
  const bytes = (halfBytes + 1) >> 1;
  const last = boc.readUInt8(start + 1 + bytes);
  return new BitString(boc, (start + 2) * 8, bytes * 8 - 1 - Math.log2(last & -last));
}
