import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import {
  createMerkleLog,
  hashLeaf,
  hashNode,
  type MerkleLog,
  primitives,
  toHex,
  verifyConsistency,
  verifyInclusion,
} from "../../../relayer/protocol";
import { bytes, codeOf, externalVectors, flipped } from "./fixtures";

const MAX_SIZE = 70;

// The definitions of RFC 9162, word for word.
function split(count: number): number {
  let k = 1;
  while (k * 2 < count) {
    k *= 2;
  }
  return k;
}
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) {
    return primitives.sha256();
  }
  const k = split(leaves.length);
  return leaves.length === 1
    ? hashLeaf(first)
    : hashNode(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}
function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) {
    return [];
  }
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}
function naiveSubproof(m: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === leaves.length) {
    return whole ? [] : [naiveRoot(leaves)];
  }
  const k = split(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function logOf(count: number): { log: MerkleLog; leaves: Uint8Array[] } {
  const log = createMerkleLog();
  const leaves = Array.from({ length: count }, (_, i) => bytes(1 + (i % 5), i));
  for (const leaf of leaves) {
    log.append(leaf);
  }
  return { log, leaves };
}

const hex = (proof: readonly Uint8Array[]): string[] => proof.map(toHex);

describe("Merkle log", () => {
  it("gives the roots and proofs of RFC 9162's definitions at every size", () => {
    const { log, leaves } = logOf(MAX_SIZE);
    for (let size = 1; size <= MAX_SIZE; size += 1) {
      const root = log.root(size);
      const present = leaves.slice(0, size);
      expect(toHex(root)).toBe(toHex(naiveRoot(present)));
      for (let index = 0; index < size; index += 1) {
        const proof = log.inclusionProof(index, size);
        expect(hex(proof)).toEqual(hex(naivePath(index, present)));
        const leafHash = hashLeaf(leaves[index] ?? bytes(0, 0));
        expect(verifyInclusion({ leafHash, index, size, proof, root })).toBe(true);
      }
      for (let first = 1; first <= size; first += 1) {
        const proof = log.consistencyProof(first, size);
        expect(hex(proof)).toEqual(hex(naiveSubproof(first, present, true)));
        const claim = { firstSize: first, firstRoot: log.root(first), secondSize: size, secondRoot: root };
        expect(verifyConsistency({ ...claim, proof })).toBe(true);
      }
    }
  });

  it("refuses a proof with anything changed", () => {
    const sizes = fc.integer({ min: 2, max: 200 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(255), (size, pick, where, mask) => {
        const { log, leaves } = logOf(size);
        const index = pick % size;
        const proof = log.inclusionProof(index);
        const leafHash = hashLeaf(leaves[index] ?? bytes(0, 0));
        const good = { leafHash, index, size, proof, root: log.root() };
        const hit = where % proof.length;
        const bent = proof.map((hash, at) => (at === hit ? flipped(hash, where % 32, mask || 1) : hash));
        expect(verifyInclusion(good)).toBe(true);
        expect(verifyInclusion({ ...good, proof: bent })).toBe(false);
        expect(verifyInclusion({ ...good, proof: proof.slice(1) })).toBe(false);
        expect(verifyInclusion({ ...good, proof: [...proof, leafHash] })).toBe(false);
        expect(verifyInclusion({ ...good, index: (index + 1) % size })).toBe(false);
        expect(verifyInclusion({ ...good, index: size })).toBe(false);
        expect(verifyInclusion({ ...good, index: -1 })).toBe(false);
        expect(verifyInclusion({ ...good, leafHash: flipped(leafHash, 0) })).toBe(false);

        const firstSize = 1 + (pick % (size - 1));
        const path = log.consistencyProof(firstSize);
        const claim = {
          firstSize,
          firstRoot: log.root(firstSize),
          secondSize: size,
          secondRoot: log.root(),
          proof: path,
        };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, firstRoot: flipped(claim.firstRoot, 3) })).toBe(false);
        expect(verifyConsistency({ ...claim, secondRoot: flipped(claim.secondRoot, 3) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: path.slice(1) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: [...path, leafHash] })).toBe(false);
        expect(verifyConsistency({ ...claim, firstSize: 0 })).toBe(false);
        expect(verifyConsistency({ ...claim, firstSize: size, secondSize: firstSize })).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it("refuses sizes and leaves that it does not have", () => {
    const { log } = logOf(5);
    expect(toHex(createMerkleLog().root())).toBe(toHex(primitives.sha256()));
    const calls = [
      () => log.root(6),
      () => log.root(1.5),
      () => log.inclusionProof(5),
      () => log.inclusionProof(-1),
      () => log.inclusionProof(3, 3),
      () => log.consistencyProof(0),
      () => log.consistencyProof(4, 3),
      () => createMerkleLog().inclusionProof(0),
    ];
    for (const call of calls) {
      expect(codeOf(call)).toBe("BAD_REQUEST");
    }
  });

  it("takes sizes above 32 bits in what others prove", () => {
    const claim = { leafHash: bytes(32, 1), root: bytes(32, 2), proof: [] };
    expect(verifyInclusion({ ...claim, index: 0, size: 2 ** 40 })).toBe(false);
    expect(verifyInclusion({ ...claim, index: 2 ** 52, size: 2 ** 53 })).toBe(false);
  });
});

const external = externalVectors("transparency-dev-merkle/testdata");
const describeExternal = external === undefined ? describe.skip : describe;

describeExternal("Merkle proofs of transparency-dev", () => {
  const files = (folder: string): string[] =>
    readdirSync(path.join(external ?? "", folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".json"))
      .map((name) => path.join(external ?? "", folder, name));
  const decode = (text: string | null | undefined): Uint8Array =>
    new Uint8Array(Buffer.from(text ?? "", "base64"));

  it("agree about every inclusion proof", () => {
    const all = files("inclusion");
    for (const file of all) {
      const vector = JSON.parse(readFileSync(file, "utf8"));
      const verdict = verifyInclusion({
        leafHash: decode(vector.leafHash),
        index: vector.leafIdx,
        size: vector.treeSize,
        proof: (vector.proof ?? []).map(decode),
        root: decode(vector.root),
      });
      expect([file, verdict]).toEqual([file, !vector.wantErr]);
    }
    expect(all.length).toBeGreaterThan(50);
  });

  it("agree about every consistency proof", () => {
    const all = files("consistency");
    for (const file of all) {
      const vector = JSON.parse(readFileSync(file, "utf8"));
      const verdict = verifyConsistency({
        firstSize: vector.size1,
        firstRoot: decode(vector.root1),
        secondSize: vector.size2,
        secondRoot: decode(vector.root2),
        proof: (vector.proof ?? []).map(decode),
      });
      expect([file, verdict]).toEqual([file, !vector.wantErr]);
    }
    expect(all.length).toBeGreaterThan(50);
  });
});
