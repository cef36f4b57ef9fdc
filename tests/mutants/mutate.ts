import { BitBuilder, type BitString, Cell } from "@ton/core";

export type Mutation = "removed" | "inverted";

const INSTRUCTION_BITS = 24;
const CODE_BITS = 11;
/** `n THROWIF` and `n THROWIFNOT`, before their eleven bits of exit code. */
const THROW_IF = 0b1111_0010_1101_0;
const THROW_IF_NOT = 0b1111_0010_1110_0;
/** DROP NOP NOP: takes the condition from the stack, and nothing else. As long as what it replaces. */
const DROPPED = 0x30_00_00;

/**
 * The compiled code with one guard removed or inverted, wherever it was inlined; undefined when this contract has none of
 * it. Only exit codes differ between the two builds, so the tagged one says where each guard lies in the other.
 */
export function mutate(
  original: Cell,
  tagged: Cell,
  { tag, kind }: { tag: number; kind: Mutation },
): Cell | undefined {
  const done = new Map<string, Cell>();
  let sites = 0;
  const walk = (before: Cell, marked: Cell): Cell => {
    const key = `${before.hash().toString("hex")}${marked.hash().toString("hex")}`;
    const known = done.get(key);
    if (known !== undefined) {
      return known;
    }
    const found = sitesIn(marked.bits, tag);
    sites += found.length;
    const refs = before.refs.map((ref, index) => walk(ref, refAt(marked, index)));
    const bits = found.reduce((changed, at) => replaced(changed, at, kind), before.bits);
    const cell = new Cell({ bits, refs, exotic: before.isExotic });
    done.set(key, cell);
    return cell;
  };
  const mutated = walk(original, tagged);
  return sites === 0 ? undefined : mutated;
}

/** Throws unless the two builds are the same but for the codes of guards. */
export function checkAligned(original: Cell, tagged: Cell, tags: ReadonlySet<number>): void {
  const sites = new Set<number>();
  for (const tag of tags) {
    for (const at of sitesIn(tagged.bits, tag)) {
      for (let bit = at + INSTRUCTION_BITS - CODE_BITS; bit < at + INSTRUCTION_BITS; bit += 1) {
        sites.add(bit);
      }
    }
  }
  for (let bit = 0; bit < Math.max(original.bits.length, tagged.bits.length); bit += 1) {
    if (!sites.has(bit) && original.bits.at(bit) !== tagged.bits.at(bit)) {
      throw new Error("The tagged build is another program.");
    }
  }
  original.refs.forEach((ref, index) => {
    checkAligned(ref, refAt(tagged, index), tags);
  });
}

function sitesIn(bits: BitString, tag: number): number[] {
  const wanted = [THROW_IF, THROW_IF_NOT].map((prefix) => (prefix << CODE_BITS) | tag);
  const found: number[] = [];
  let window = 0;
  for (let bit = 0; bit < bits.length; bit += 1) {
    window = ((window << 1) | (bits.at(bit) ? 1 : 0)) & 0xff_ff_ff;
    if (bit >= INSTRUCTION_BITS - 1 && wanted.includes(window)) {
      found.push(bit - INSTRUCTION_BITS + 1);
    }
  }
  return found;
}

function replaced(bits: BitString, at: number, kind: Mutation): BitString {
  const builder = new BitBuilder();
  builder.writeBits(bits.substring(0, at));
  const code = numberIn(bits, at + INSTRUCTION_BITS - CODE_BITS, CODE_BITS);
  const prefix = numberIn(bits, at, INSTRUCTION_BITS - CODE_BITS);
  const other = prefix === THROW_IF ? THROW_IF_NOT : THROW_IF;
  builder.writeUint(kind === "removed" ? DROPPED : (other << CODE_BITS) | code, INSTRUCTION_BITS);
  builder.writeBits(bits.substring(at + INSTRUCTION_BITS, bits.length - at - INSTRUCTION_BITS));
  return builder.build();
}

function numberIn(bits: BitString, at: number, length: number): number {
  let number = 0;
  for (let bit = at; bit < at + length; bit += 1) {
    number = number * 2 + (bits.at(bit) ? 1 : 0);
  }
  return number;
}

function refAt(cell: Cell, index: number): Cell {
  const ref = cell.refs[index];
  if (ref === undefined) {
    throw new Error("The tagged build is another program.");
  }
  return ref;
}
