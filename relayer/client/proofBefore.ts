import { createMerkleLog, hashLeaf, hashNode } from "../protocol";

/** A leaf's place in a log, and its way to the root, the leaf's sibling first. */
export interface PlacedLeaf {
  readonly place: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * The inclusion proof of the leaf right before this one in the same log. Of the log's other leaves only those are needed that
 * lie under this one's first left sibling: `leafAt` tells their bytes. Undefined where one of them is not known.
 */
export function proofBefore(
  { place, size, leaf, proof }: PlacedLeaf,
  leafAt: (place: number) => Uint8Array | undefined,
): readonly Uint8Array[] | undefined {
  // The siblings up to there lie to the right, and with this leaf make the sibling of what ends with the one before it.
  let right = hashLeaf(leaf);
  let level = 0;
  for (let at = place, last = size - 1; at % 2 === 0 && at !== last; level += 1) {
    const sibling = proof[level];
    if (sibling === undefined) {
      return undefined;
    }
    right = hashNode(right, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  const left = createMerkleLog();
  for (let at = place - lowestBit(place); at < place; at += 1) {
    const known = leafAt(at);
    if (known === undefined) {
      return undefined;
    }
    left.append(known);
  }
  return left.size() === 0
    ? undefined
    : [...left.inclusionProof(left.size() - 1), right, ...proof.slice(level + 1)];
}

/** The largest power of two that divides it: the width of the whole subtree that ends right before this place. */
function lowestBit(place: number): number {
  let bit = 1;
  while (place > 0 && place % (2 * bit) === 0) {
    bit *= 2;
  }
  return place === 0 ? 0 : bit;
}
