import type { Cell } from "@ton/core";

/** What is read from a cell, once for each: cells do not change. */
export function once<T>(read: (cell: Cell) => T): (cell: Cell) => T {
  const known = new WeakMap<Cell, { readonly value: T }>();
  return (cell) => {
    let found = known.get(cell);
    if (found === undefined) {
      found = { value: read(cell) };
      known.set(cell, found);
    }
    return found.value;
  };
}
