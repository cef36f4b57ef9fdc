import { FinalError } from "../errors";
import { type ByteRows, createByteRows } from "./byteRows";
import { equalBytes } from "./bytes";
import * as primitives from "./crypto";

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);
const HASH_BYTES = 32;

/** Leaves one log may hold: proofs use 31-bit arithmetic, and a lane ends long before. */
export const MAX_LOG_SIZE = 2 ** 30;

/** Hash of a leaf's bytes: `H(0x00 ‖ leaf)`. */
export function hashLeaf(leaf: Uint8Array): Uint8Array {
  return primitives.sha256(LEAF_PREFIX, leaf);
}

/** Hash of an inner node: `H(0x01 ‖ left ‖ right)`. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return primitives.sha256(NODE_PREFIX, left, right);
}

/** An RFC 9162 log in memory. `size` defaults to the present size; earlier sizes stay provable. */
export interface MerkleLog {
  size(): number;
  /** Adds a leaf's bytes at the end; returns its index. */
  append(leaf: Uint8Array): number;
  /** Hash [32] of a leaf that is in the log. */
  leafHash(index: number): Uint8Array | undefined;
  /** Root [32] at a size; of the empty log `H("")`. */
  root(size?: number): Uint8Array;
  /** Proof that leaf `index` is in the log of `size`. */
  inclusionProof(index: number, size?: number): readonly Uint8Array[];
  /** Proof that the log of `firstSize` (at least 1) is a prefix of the log of `secondSize`. */
  consistencyProof(firstSize: number, secondSize?: number): readonly Uint8Array[];
}

/**
 * An empty log. It keeps every complete subtree's hash (64 bytes a leaf), so that an append costs two hashes on
 * average and every proof at most one hash per level. Its functions throw `BAD_REQUEST` for an impossible size or index.
 *
 * @example
 * import { createMerkleLog, hashLeaf, hashNode, toHex, utf8ToBytes, verifyConsistency, verifyInclusion } from "cocoon/protocol";
 *
 * const log = createMerkleLog();
 * for (const leaf of ["first", "second", "third"]) {
 *   log.append(utf8ToBytes(leaf));
 * }
 * const leafHash = hashLeaf(utf8ToBytes("second"));
 * console.log(verifyInclusion({ leafHash, index: 1, size: 3, root: log.root(), proof: log.inclusionProof(1) })); // true
 * const before = { firstSize: 2, firstRoot: log.root(2), secondSize: 3, secondRoot: log.root() };
 * console.log(verifyConsistency({ ...before, proof: log.consistencyProof(2) })); // true
 * console.log(toHex(log.root(2)) === toHex(hashNode(hashLeaf(utf8ToBytes("first")), leafHash))); // true
 */
export function createMerkleLog(): MerkleLog {
  // levels[k].at(i) is the root of leaves [i·2^k, (i+1)·2^k)
  const levels: ByteRows[] = [];
  const leafCount = (): number => levels[0]?.count() ?? 0;

  // A range that an RFC 9162 split can produce: it starts at a multiple of the power of two that covers it.
  const rangeHash = (start: number, end: number): Uint8Array => {
    const width = end - start;
    const split = splitPoint(width);
    if (split * 2 === width || width === 1) {
      const level = 31 - Math.clz32(width);
      const known = levels[level]?.at(start / width);
      if (known !== undefined) {
        return known;
      }
    }
    return hashNode(rangeHash(start, start + split), rangeHash(start + split, end));
  };

  const checkedSize = (size: number, least: number): number => {
    if (!Number.isInteger(size) || size < least || size > leafCount()) {
      throw new FinalError("BAD_REQUEST", "The log has no such size.", { size, present: leafCount() });
    }
    return size;
  };

  return {
    size: leafCount,
    leafHash: (index) => levels[0]?.at(index),
    append(leaf) {
      const index = leafCount();
      if (index >= MAX_LOG_SIZE) {
        throw new FinalError("BAD_REQUEST", "The log is full.", { size: index });
      }
      let node = hashLeaf(leaf);
      for (let level = 0, place = index; ; level += 1, place = (place - 1) / 2) {
        const row = levels[level] ?? createByteRows(HASH_BYTES);
        levels[level] = row;
        row.push(node);
        const left = row.at(place - 1);
        if (place % 2 === 0 || left === undefined) {
          return index;
        }
        node = hashNode(left, node);
      }
    },
    root(size = leafCount()) {
      return checkedSize(size, 0) === 0 ? primitives.sha256() : rangeHash(0, size);
    },
    inclusionProof(index, size = leafCount()) {
      checkedSize(size, 1);
      if (!Number.isInteger(index) || index < 0 || index >= size) {
        throw new FinalError("BAD_REQUEST", "The log has no such leaf.", { index, size });
      }
      const proof: Uint8Array[] = [];
      let start = 0;
      let end = size;
      while (end - start > 1) {
        const middle = start + splitPoint(end - start);
        if (index < middle) {
          proof.push(rangeHash(middle, end));
          end = middle;
        } else {
          proof.push(rangeHash(start, middle));
          start = middle;
        }
      }
      return proof.reverse();
    },
    consistencyProof(firstSize, secondSize = leafCount()) {
      checkedSize(secondSize, 1);
      if (checkedSize(firstSize, 1) > secondSize) {
        throw new FinalError("BAD_REQUEST", "A log cannot shrink.", { firstSize, secondSize });
      }
      const proof: Uint8Array[] = [];
      let start = 0;
      let end = secondSize;
      while (end !== firstSize) {
        const middle = start + splitPoint(end - start);
        if (firstSize <= middle) {
          proof.push(rangeHash(middle, end));
          end = middle;
        } else {
          proof.push(rangeHash(start, middle));
          start = middle;
        }
      }
      if (start > 0) {
        proof.push(rangeHash(start, end));
      }
      return proof.reverse();
    },
  };
}

/** RFC 9162 2.1.3.2: true when the proof shows the leaf hash at `index` in the tree of `size` and `root`. */
export function verifyInclusion(claim: {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  if (!isSize(claim.index) || !isSize(claim.size) || claim.index >= claim.size) {
    return false;
  }
  if (!areHashes([claim.leafHash, claim.root, ...claim.proof])) {
    return false;
  }
  let place = claim.index;
  let last = claim.size - 1;
  let hash = claim.leafHash;
  for (const sibling of claim.proof) {
    if (last === 0) {
      return false;
    }
    if (place % 2 === 1 || place === last) {
      hash = hashNode(sibling, hash);
      while (place % 2 === 0 && place !== 0) {
        place = half(place);
        last = half(last);
      }
    } else {
      hash = hashNode(hash, sibling);
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 && equalBytes(hash, claim.root);
}

/**
 * RFC 9162 2.1.4.2: true when the proof shows that the tree of `firstSize` is a prefix of the tree of `secondSize`.
 * Equal sizes need equal roots and an empty proof; an empty first tree proves nothing and is false.
 */
export function verifyConsistency(claim: {
  readonly firstSize: number;
  readonly firstRoot: Uint8Array;
  readonly secondSize: number;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { firstSize, secondSize, firstRoot, secondRoot } = claim;
  if (!isSize(firstSize) || !isSize(secondSize) || firstSize < 1 || firstSize > secondSize) {
    return false;
  }
  if (!areHashes(claim.proof)) {
    return false;
  }
  if (firstSize === secondSize) {
    return claim.proof.length === 0 && equalBytes(firstRoot, secondRoot);
  }
  const path = isPowerOfTwo(firstSize) ? [firstRoot, ...claim.proof] : claim.proof;
  const [start, ...rest] = path;
  if (start === undefined || claim.proof.length === 0) {
    return false;
  }
  let place = firstSize - 1;
  let last = secondSize - 1;
  while (place % 2 === 1) {
    place = half(place);
    last = half(last);
  }
  let first = start;
  let second = start;
  for (const sibling of rest) {
    if (last === 0) {
      return false;
    }
    if (place % 2 === 1 || place === last) {
      first = hashNode(sibling, first);
      second = hashNode(sibling, second);
      while (place % 2 === 0 && place !== 0) {
        place = half(place);
        last = half(last);
      }
    } else {
      second = hashNode(second, sibling);
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 && equalBytes(first, firstRoot) && equalBytes(second, secondRoot);
}

/** The largest power of two below `width` (1 for a width of 1 or 2). */
function splitPoint(width: number): number {
  return width <= 2 ? 1 : 2 ** (31 - Math.clz32(width - 1));
}

// Sizes may exceed 32 bits in what others sign, so no bit operations here.
function half(value: number): number {
  return Math.floor(value / 2);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPowerOfTwo(value: number): boolean {
  let rest = value;
  while (rest % 2 === 0) {
    rest /= 2;
  }
  return rest === 1;
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((hash) => hash.length === HASH_BYTES);
}
