import type { Cell } from "@ton/core";

const known = new WeakMap<Cell, string>();

/** A cell's BoC in base64, written once for each cell object: code and data are asked for again and again. */
export function bocText(cell: Cell): string {
  const found = known.get(cell);
  if (found !== undefined) {
    return found;
  }
  const text = cell.toBoc().toString("base64");
  known.set(cell, text);
  return text;
}
