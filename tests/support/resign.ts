import { createHash } from "node:crypto";
import { type Builder, beginCell, type Cell } from "@ton/core";
import { signP256, type TestP256Key } from "../../relayer/attestation/tdx/makeTestQuotePki";
import { chain, cut, signatureCell } from "../../relayer/attestation/tdx/onChainCut";
import { decodeP256Signature } from "../../wrappers/p256";
import { toUint } from "./quotes";

// What the contracts read of Intel's is a cell whose first two references are the hinted signature and the chain of signed
// bytes. Here such bytes are changed and signed again, by the key whose word counts: what Intel never wrote, but could.

/** The bytes of each cell, one character a byte. */
type Change = (pieces: readonly string[]) => readonly string[];

/** The same cell with other signed bytes, cut as `change` says, and their signature by `key`. */
export function resigned(cell: Cell, key: TestP256Key, change: Change): Cell {
  const pieces = toBuffers(change(piecesOf(refAt(cell, 1))));
  const bytes = Buffer.concat(pieces);
  const signature = decodeP256Signature(signP256(key, bytes));
  const builder = beginCell()
    .storeBits(cell.bits)
    .storeRef(signatureCell(bytes, signature, key.publicKey))
    .storeRef(chain(pieces));
  for (const ref of cell.refs.slice(2)) {
    builder.storeRef(ref);
  }
  return builder.endCell();
}

export function piecesOf(first: Cell): string[] {
  const pieces: string[] = [];
  for (let cell: Cell | undefined = first; cell !== undefined; cell = cell.refs[0]) {
    const content = cell.beginParse();
    pieces.push(content.loadBuffer(content.remainingBits / 8).toString("latin1"));
  }
  return pieces;
}

/** The same chain of bytes in other cells. */
export function recut(first: Cell, change: Change): Cell {
  const [before, after] = [piecesOf(first), change(piecesOf(first))];
  if (after.join("") !== before.join("")) {
    throw new Error("These are other bytes.");
  }
  return chain(toBuffers(after));
}

const toBuffers = (pieces: readonly string[]) => pieces.map((piece) => Buffer.from(piece, "latin1"));

/** SHA-256 of what is signed. */
export function signedHashOf(cell: Cell): bigint {
  const bytes = Buffer.from(piecesOf(refAt(cell, 1)).join(""), "latin1");
  return toUint(createHash("sha256").update(bytes).digest());
}

/** `to` in the place of `from`, which stands once and whole in one cell. */
export const exchanged =
  (from: string, to: string): Change =>
  (pieces) => {
    const [at, ...more] = pieces.flatMap((piece, index) => (piece.split(from).length > 1 ? [index] : []));
    if (at === undefined || more.length > 0 || pieces[at]?.split(from).length !== 2) {
      throw new Error(`There is not exactly one ${JSON.stringify(from)}.`);
    }
    return pieces.map((piece, index) => (index === at ? piece.replace(from, () => to) : piece));
  };

/** The same bytes in cells of these sizes. */
export const cutInto =
  (...sizes: readonly number[]): Change =>
  (pieces) =>
    cut(Buffer.from(pieces.join(""), "latin1"), sizes).map((piece) => piece.toString("latin1"));

/** The same cell with further bits after its own. */
export function withBits(cell: Cell, more: (b: Builder) => Builder): Cell {
  const builder = more(beginCell().storeBits(cell.bits));
  for (const ref of cell.refs) {
    builder.storeRef(ref);
  }
  return builder.endCell();
}

/** Bytes from hex, as `exchanged` takes them. */
export const raw = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");

export function refAt(cell: Cell, index: number): Cell {
  const ref = cell.refs[index];
  if (ref === undefined) {
    throw new Error(`The cell has no reference ${index}.`);
  }
  return ref;
}
