import type { BlockLog } from "./blockLog";
import { encodePlainBoc, type PlainCell } from "./plainBoc";
import type { Block } from "./records";

const BLOCKS_SHOWN = 16;

/**
 * What the TVM instructions PREVMCBLOCKS, PREVKEYBLOCK and PREVMCBLOCKS_100 answer in the block after `seqno`, as
 * the base64 that the emulator takes: one `VmStackValue`. It is built once per block.
 */
export function createPrevBlocksInfo(log: BlockLog): (seqno: number) => string {
  let builtFor: Block | undefined;
  let built = "";
  return (seqno) => {
    const newest = log.at(seqno);
    // Compared by identity: after a revert another block may have the same number.
    if (built === "" || builtFor !== newest) {
      builtFor = newest;
      built = encodePlainBoc(prevBlocks(log, seqno)).toString("base64");
    }
    return built;
  };
}

function prevBlocks(log: BlockLog, seqno: number): PlainCell {
  const recent = newestFirst(log, seqno, 1);
  const hundreds = newestFirst(log, seqno - (seqno % 100), 100);
  return tuple([tuple(recent.map(blockId)), blockId(log.first()), tuple(hundreds.map(blockId))]);
}

function newestFirst(log: BlockLog, from: number, step: number): Block[] {
  const found: Block[] = [];
  for (let seqno = from; seqno > 0 && found.length < BLOCKS_SHOWN; seqno -= step) {
    const block = log.at(seqno);
    if (block === undefined) {
      break;
    }
    found.push(block);
  }
  return found;
}

/** Workchain, shard, number, root hash and file hash. */
function blockId(block: Block): PlainCell {
  return tuple([
    smallInt(-1n),
    smallInt(-0x8000000000000000n),
    smallInt(BigInt(block.seqno)),
    bigInt(block.rootHash),
    bigInt(block.fileHash),
  ]);
}

/** `vm_stk_tinyint#01`. */
function smallInt(value: bigint): PlainCell {
  const bytes = Buffer.alloc(9, 1);
  bytes.writeBigInt64BE(value, 1);
  return { bytes, refs: [] };
}

/** `vm_stk_int#0201_` and 257 bits: a 15-bit tag, the sign and 256 bits fill whole bytes. */
function bigInt(value: Buffer): PlainCell {
  return { bytes: Buffer.concat([Buffer.from([2, 0]), value]), refs: [] };
}

/** `vm_stk_tuple#07`: the items but the last as one reference, pairwise nested, then the last. */
function tuple(items: readonly PlainCell[]): PlainCell {
  const bytes = Buffer.from([7, items.length >> 8, items.length & 0xff]);
  const last = items.at(-1);
  if (last === undefined) {
    return { bytes, refs: [] };
  }
  const before = items
    .slice(0, -1)
    .reduce<PlainCell | undefined>((head, item) => (head === undefined ? item : pair(head, item)), undefined);
  return { bytes, refs: before === undefined ? [last] : [before, last] };
}

const pair = (first: PlainCell, second: PlainCell): PlainCell => ({
  bytes: Buffer.alloc(0),
  refs: [first, second],
});
