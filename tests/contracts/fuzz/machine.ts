import { type Cell, serializeTuple, type TupleItem } from "@ton/core";
import { makeTestMachine } from "../../../relayer/attestation/tdx/makeTestQuote";
import { BLOCK, FMSPC, IMAGES, idsOf, QUOTE_POLICY, ROOT_SEED, rootHash } from "../../support/quotes";
import { DAY, START } from "../../support/world";

/** Until then its certificate holds. */
export const MACHINE_UNTIL = START + 20 * DAY;
/** The one TDX machine of the fuzz, and one that the stage's account does not know. */
export const MACHINE = makeTestMachine({ rootSeed: ROOT_SEED, name: "fuzz", notAfter: MACHINE_UNTIL });
export const OTHER_MACHINE = makeTestMachine({ rootSeed: ROOT_SEED, name: "another" });
const { authority, leafHash } = idsOf(MACHINE);
export const MACHINE_IDS = { authority, leafHash };
export const MACHINE_KIND = FMSPC;
export const MACHINE_QE_SVN = 4n;
export { BLOCK, IMAGES, QUOTE_POLICY };

/** Hundreds that the chain shows beside its newest sixteen blocks. */
const SHOWN = 16;

/** The masterchain's newest blocks as the executor takes them: the same at every time of a sequence. */
export function shownBlocks(): string {
  const hundred = BLOCK - (BLOCK % 100);
  const list = (from: number, step: number) =>
    tuple(Array.from({ length: SHOWN }, (_, age) => blockId(from - age * step)));
  const entry = serializeTuple([tuple([list(BLOCK, 1), blockId(BLOCK - 1_000), list(hundred, 100)])]);
  return topOf(entry).toBoc().toString("base64");
}

const tuple = (items: TupleItem[]): TupleItem => ({ type: "tuple", items });

function blockId(seqno: number): TupleItem {
  const hash = BigInt(`0x${rootHash(seqno).toString("hex")}`);
  const fields = [-1n, -(1n << 63n), BigInt(seqno), hash, 1n];
  return tuple(fields.map((value) => ({ type: "int", value })));
}

/** The one entry of a stack, without its depth and what lies below. */
function topOf(stack: Cell): Cell {
  const entry = stack.beginParse().skip(24);
  entry.loadRef();
  return entry.asCell();
}
