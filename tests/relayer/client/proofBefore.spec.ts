import { proofBefore } from "../../../relayer/client/proofBefore";
import { createMerkleLog, hashLeaf, verifyInclusion } from "../../../relayer/protocol";

const leafAt = (place: number) => Buffer.from(`leaf ${place}`);
const MOST = 40;

describe("the proof of the leaf right before a proved one", () => {
  const log = createMerkleLog();
  for (let place = 0; place < MOST; place += 1) {
    log.append(leafAt(place));
  }
  const sizes = Array.from({ length: MOST }, (_, at) => at + 1);

  it("is that of the log, at every place of every size, made of the leaves before it alone", () => {
    for (const size of sizes) {
      for (let place = 1; place < size; place += 1) {
        const placed = { place, size, leaf: leafAt(place), proof: log.inclusionProof(place, size) };
        const made = proofBefore(placed, (at) => (at < place ? leafAt(at) : undefined));
        expect({ size, place, made }).toEqual({ size, place, made: log.inclusionProof(place - 1, size) });
      }
    }
  });

  it("is none before the first leaf, none where a leaf that it takes is missing, none of a proof that is too short", () => {
    const placed = { place: 8, size: 13, leaf: leafAt(8), proof: log.inclusionProof(8, 13) };
    expect(proofBefore({ ...placed, place: 0, proof: log.inclusionProof(0, 13) }, leafAt)).toBeUndefined();
    expect(proofBefore(placed, (at) => (at === 3 ? undefined : leafAt(at)))).toBeUndefined();
    expect(proofBefore({ ...placed, proof: [] }, leafAt)).toBeUndefined();
  });

  it("leads nowhere where one of the leaves is another", () => {
    const placed = { place: 6, size: 9, leaf: leafAt(6), proof: log.inclusionProof(6, 9) };
    const proof = proofBefore(placed, (at) => (at === 4 ? Buffer.from("another") : leafAt(at))) ?? [];
    expect(proof).not.toEqual([]);
    const claim = { leafHash: hashLeaf(leafAt(5)), index: 5, size: 9, proof, root: log.root(9) };
    expect(verifyInclusion(claim)).toBe(false);
  });
});
