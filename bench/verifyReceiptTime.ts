import {
  amountFor,
  createMerkleLog,
  encodeLeaf,
  encodeRecord,
  parseRecord,
  primitives,
  type ReceiptLeaf,
  type ReceiptRecord,
  signHead,
  toJobAddress,
  toWorkerKey,
  verifyRecord,
} from "../relayer/protocol";
import type { Benchmark } from "./benchmark";
import { median } from "./stats";

const RECEIPTS = 10_000;
const ROUNDS = 500;
const NETWORK_ID = -23_911;
const JOB = toJobAddress(`0:${"11".repeat(32)}`);
const PRICES = {
  promptPrice: 200_000_000n,
  cachedPrice: 20_000_000n,
  completionPrice: 800_000_000n,
  reasoningPrice: 800_000_000n,
};

/** The check of one answer's receipt: JSON, signature, inclusion among 10,000, amounts. */
export const verifyReceiptTime: Benchmark = {
  names: ["verify.receipt.ms"],
  async run() {
    const seed = primitives.randomBytes(32);
    const workerPublicKey = primitives.ed25519PublicKey(seed);
    const json = encodeRecord(makeRecord(seed));
    const times = Array.from({ length: ROUNDS }, () => {
      const started = performance.now();
      verifyRecord(parseRecord(json), { networkId: NETWORK_ID, job: JOB, workerPublicKey, prices: PRICES });
      return performance.now() - started;
    });
    return [{ name: "verify.receipt.ms", value: median(times), unit: "ms" }];
  },
};

function makeRecord(seed: Uint8Array): ReceiptRecord {
  const log = createMerkleLog();
  let leaf = leafAt(0);
  for (let index = 0; index < RECEIPTS; index += 1) {
    leaf = leafAt(index);
    log.append(encodeLeaf(leaf));
  }
  const head = {
    networkId: NETWORK_ID,
    job: JOB,
    size: log.size(),
    root: log.root(),
    amount: leaf.amount,
    issuedAt: 1_790_000_000,
  };
  return {
    leaf,
    proof: log.inclusionProof(leaf.index),
    head,
    signature: signHead(seed, head),
    worker: toWorkerKey(primitives.ed25519PublicKey(seed)),
  };
}

function leafAt(index: number): ReceiptLeaf {
  const count = BigInt(index + 1);
  const usage = {
    promptTokens: 24n * count,
    cachedTokens: 0n,
    completionTokens: 16n * count,
    reasoningTokens: 0n,
  };
  return {
    ...usage,
    status: "ok",
    index,
    requestHash: new Uint8Array(32).fill(1),
    responseHash: new Uint8Array(32).fill(2),
    amount: amountFor(usage, PRICES),
    finishedAt: 1_790_000_000_000 + index,
  };
}
