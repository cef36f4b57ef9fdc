import { beginCell, Cell } from "@ton/core";
import { FinalError } from "../errors";

const CELL_BYTES = 127;

/** Bytes in a chain of cells, each as full as it can be. */
export function toSnake(bytes: Uint8Array): Cell {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += CELL_BYTES) {
    pieces.push(Buffer.from(bytes.subarray(start, start + CELL_BYTES)));
  }
  let cell: Cell | undefined;
  for (const piece of pieces.reverse()) {
    const builder = beginCell().storeBuffer(piece);
    cell = (cell === undefined ? builder : builder.storeRef(cell)).endCell();
  }
  return cell ?? Cell.EMPTY;
}

/** The bytes of such a chain. Throws `BAD_REQUEST` for half a byte or a branch, `BODY_TOO_LARGE` above `maxBytes`. */
export function fromSnake(cell: Cell, maxBytes: number): Uint8Array {
  const pieces: Buffer[] = [];
  let size = 0;
  for (let next: Cell | undefined = cell; next !== undefined; next = next.refs[0]) {
    if (next.isExotic || next.refs.length > 1 || next.bits.length % 8 !== 0) {
      throw new FinalError("BAD_REQUEST", "A text on the chain is a plain chain of cells of whole bytes.");
    }
    size += next.bits.length / 8;
    if (size > maxBytes) {
      throw new FinalError("BODY_TOO_LARGE", "A text on the chain is longer than is taken.", { maxBytes });
    }
    pieces.push(next.beginParse().loadBuffer(next.bits.length / 8));
  }
  return Buffer.concat(pieces);
}

/** Distinct cells and their bits: what a tree adds to the messages that carry it. */
export function sizeOfTree(root: Cell): { readonly cells: number; readonly bits: number } {
  const seen = new Map<string, number>();
  const waiting = [root];
  for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
    const name = cell.hash().toString("hex");
    if (!seen.has(name)) {
      seen.set(name, cell.bits.length);
      waiting.push(...cell.refs);
    }
  }
  return { cells: seen.size, bits: [...seen.values()].reduce((sum, bits) => sum + bits, 0) };
}
