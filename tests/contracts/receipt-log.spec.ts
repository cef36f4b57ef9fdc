import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { createMerkleLog, hashLeaf } from "../../relayer/protocol";
import { proofCell } from "../../wrappers/evidence";
import { externalVectors, flipped } from "../relayer/protocol/fixtures";
import { type Job, open, useWorld } from "../support/actors";
import { exitCode } from "../support/expect";

const world = useWorld();
const numberOf = (hash: Uint8Array) => BigInt(`0x${Buffer.from(hash).toString("hex")}`);

interface Claim {
  readonly leafHash: Uint8Array;
  readonly index: bigint;
  readonly size: bigint;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** True when the contract comes to that root; false when it comes to another one or to none. */
async function isInLog(job: Job, { leafHash, index, size, proof, root }: Claim): Promise<boolean> {
  const { exitCode: code, stackReader } = await world()
    .chain.runGetMethod(job.address, "rootFrom", [
      { type: "int", value: numberOf(leafHash) },
      { type: "int", value: index },
      { type: "int", value: size },
      { type: "cell", cell: proofCell(proof) },
    ])
    .catch((cause: unknown) => failed(cause));
  if (code !== 0) {
    expect([exitCode("ErrNotInLog"), CELL_UNDERFLOW]).toContain(code);
    return false;
  }
  return stackReader?.readBigNumber() === numberOf(root);
}
const CELL_UNDERFLOW = 9;

function failed(cause: unknown): { exitCode: number; stackReader: undefined } {
  const code =
    typeof cause === "object" && cause !== null && "exitCode" in cause ? cause.exitCode : undefined;
  if (typeof code !== "number") {
    throw cause;
  }
  return { exitCode: code, stackReader: undefined };
}

describe("The contract's log of receipts", () => {
  it("has the roots of the TypeScript log, for every place in logs of 1 to 18 receipts", async () => {
    const job = await open(world());
    const leaves = Array.from({ length: 18 }, (_, index) => Buffer.alloc(122, index));
    const log = createMerkleLog();
    for (const leaf of leaves) {
      log.append(leaf);
    }
    for (let size = 1; size <= leaves.length; size += 1) {
      for (const [index, leaf] of leaves.slice(0, size).entries()) {
        const proof = log.inclusionProof(index, size);
        const claim = {
          leafHash: hashLeaf(leaf),
          index: BigInt(index),
          size: BigInt(size),
          proof,
          root: log.root(size),
        };
        expect([size, index, await isInLog(job, claim)]).toEqual([size, index, true]);
      }
    }
  });

  it("knows no receipt at another place, of another log, or by a bent proof", async () => {
    const job = await open(world());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 70 }), fc.nat(), fc.nat(), async (size, pick, where) => {
        const log = createMerkleLog();
        for (let index = 0; index < size; index += 1) {
          log.append(Buffer.alloc(122, index));
        }
        const index = pick % size;
        const proof = log.inclusionProof(index);
        const hit = where % proof.length;
        const bent = proof.map((hash, at) => (at === hit ? flipped(hash, where % 32) : hash));
        const good = {
          leafHash: hashLeaf(Buffer.alloc(122, index)),
          index: BigInt(index),
          size: BigInt(size),
          proof,
          root: log.root(),
        };
        expect(await isInLog(job, good)).toBe(true);
        expect(await isInLog(job, { ...good, index: BigInt((index + 1) % size) })).toBe(false);
        expect(await isInLog(job, { ...good, index: BigInt(size) })).toBe(false);
        expect(await isInLog(job, { ...good, proof: proof.slice(1) })).toBe(false);
        expect(await isInLog(job, { ...good, proof: [...proof, good.leafHash] })).toBe(false);
        expect(await isInLog(job, { ...good, proof: bent })).toBe(false);
      }),
      { numRuns: 25 },
    );
  });
});

const external = externalVectors("transparency-dev-merkle/testdata/inclusion");
const describeExternal = external === undefined ? describe.skip : describe;

describeExternal("The contract's log of receipts and transparency-dev's vectors", () => {
  const decode = (text: string | null | undefined) => new Uint8Array(Buffer.from(text ?? "", "base64"));

  it("agree about every one whose hashes are hashes", async () => {
    const job = await open(world());
    const files = readdirSync(external ?? "", { recursive: true, encoding: "utf8" });
    let fits = 0;
    for (const file of files.filter((name) => name.endsWith(".json"))) {
      const vector = JSON.parse(readFileSync(path.join(external ?? "", file), "utf8"));
      const claim = {
        leafHash: decode(vector.leafHash),
        index: BigInt(vector.leafIdx),
        size: BigInt(vector.treeSize),
        proof: (vector.proof ?? []).map(decode),
        root: decode(vector.root),
      };
      if ([claim.leafHash, claim.root, ...claim.proof].some(({ length }) => length !== 32)) {
        continue; // no field of the messages holds it
      }
      fits += 1;
      expect([file, await isInLog(job, claim)]).toEqual([file, vector.wantErr !== true]);
    }
    expect(fits).toBeGreaterThan(50);
  });
});
