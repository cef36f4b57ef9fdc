import { serializeTuple, type TupleItem } from "@ton/core";
import type { BlockLog } from "./blockLog";
import type { Block } from "./records";

const BLOCKS_SHOWN = 16;
const SHARD = -0x8000000000000000n;

/**
 * What the TVM instructions PREVMCBLOCKS, PREVKEYBLOCK and PREVMCBLOCKS_100 answer in the block after `seqno`,
 * serialized as the emulator wants it. It costs milliseconds to build, so it is built once per block.
 */
export function createPrevBlocksInfo(log: BlockLog): (seqno: number) => string {
  let builtFor = 0;
  let built = "";
  return (seqno) => {
    if (builtFor !== seqno) {
      builtFor = seqno;
      built = serializePrevBlocks(log, seqno);
    }
    return built;
  };
}

function serializePrevBlocks(log: BlockLog, seqno: number): string {
  const recent = newestFirst(log, seqno, 1);
  const hundreds = newestFirst(log, seqno - (seqno % 100), 100);
  const info: TupleItem[] = [tuple(recent.map(blockId)), blockId(log.first()), tuple(hundreds.map(blockId))];
  const stack = serializeTuple([tuple(info)]).beginParse();
  // The emulator takes one stack entry: a stack of one without its depth and its link to the rest.
  stack.skip(24);
  stack.loadRef();
  return stack.asCell().toBoc().toString("base64");
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

function blockId(block: Block): TupleItem {
  return tuple([
    int(-1n),
    int(SHARD),
    int(BigInt(block.seqno)),
    int(BigInt(`0x${block.rootHash.toString("hex")}`)),
    int(BigInt(`0x${block.fileHash.toString("hex")}`)),
  ]);
}

const int = (value: bigint): TupleItem => ({ type: "int", value });
const tuple = (items: TupleItem[]): TupleItem => ({ type: "tuple", items });
