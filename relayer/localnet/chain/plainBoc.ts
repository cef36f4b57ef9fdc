/** An ordinary cell of whole bytes. */
export interface PlainCell {
  readonly bytes: Buffer;
  readonly refs: readonly PlainCell[];
}

const MAGIC = 0xb5ee9c72;
const INDEX_BYTES = 2;
const OFFSET_BYTES = 3;

/**
 * A bag of cells without the hashing that `Cell.toBoc` needs to join equal cells. The previous
 * blocks are 300 cells: this takes about a tenth of the time.
 */
export function encodePlainBoc(root: PlainCell): Buffer {
  const cells = parentsFirst(root);
  const body = Buffer.concat(cells.map(({ cell, firstChild }) => encodeCell(cell, firstChild)));
  const header = Buffer.alloc(6 + 4 * INDEX_BYTES + OFFSET_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt8(INDEX_BYTES, 4);
  header.writeUInt8(OFFSET_BYTES, 5);
  header.writeUInt16BE(cells.length, 6);
  header.writeUInt16BE(1, 8); // one root; none absent; the root is cell 0
  header.writeUIntBE(body.length, 12, OFFSET_BYTES);
  return Buffer.concat([header, body]);
}

/** Breadth first, so that the children of one cell are neighbours. */
function parentsFirst(root: PlainCell): { cell: PlainCell; firstChild: number }[] {
  const queue = [{ cell: root, firstChild: 1 }];
  for (const entry of queue) {
    entry.firstChild = queue.length;
    queue.push(...entry.cell.refs.map((cell) => ({ cell, firstChild: 0 })));
  }
  return queue;
}

function encodeCell(cell: PlainCell, firstChild: number): Buffer {
  const refs = Buffer.alloc(cell.refs.length * INDEX_BYTES);
  for (const position of cell.refs.keys()) {
    refs.writeUInt16BE(firstChild + position, position * INDEX_BYTES);
  }
  const descriptors = Buffer.from([cell.refs.length, cell.bytes.length * 2]);
  return Buffer.concat([descriptors, cell.bytes, refs]);
}
