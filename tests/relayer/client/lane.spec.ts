import { createLane, type LaneEntry } from "../../../relayer/client/lane";
import {
  amountFor,
  createMerkleLog,
  encodeLeaf,
  type ReceiptLeaf,
  toJobAddress,
} from "../../../relayer/protocol";

const PRICES = {
  promptPrice: 1_000_000n,
  cachedPrice: 0n,
  completionPrice: 0n,
  reasoningPrice: 0n,
};
const JOB = toJobAddress(`0:${"5a".repeat(32)}`);

/** What an honest worker signs for its `index`th request, and what its log then is. */
function honestWorker() {
  const log = createMerkleLog();
  const entry = (index: number, request = index): LaneEntry => {
    const usage = {
      promptTokens: BigInt(index + 1),
      cachedTokens: 0n,
      completionTokens: 0n,
      reasoningTokens: 0n,
    };
    const leaf: ReceiptLeaf = {
      ...usage,
      status: "ok",
      index,
      requestHash: new Uint8Array(32).fill(request % 251),
      responseHash: new Uint8Array(32),
      amount: amountFor(usage, PRICES),
      finishedAt: 1_790_000_000_000 + index,
    };
    if (log.size() === index) {
      log.append(encodeLeaf(leaf));
    }
    const { size, root } = { size: log.size(), root: log.root() };
    const head = { networkId: -239, job: JOB, size, root, amount: leaf.amount, issuedAt: 1_790_000_000 };
    return { leaf, head, signature: new Uint8Array(64), maxCostNano: undefined };
  };
  return { entry };
}

describe("a lane of very many receipts", () => {
  const COUNT = 8_200;

  async function filled() {
    const worker = honestWorker();
    const lane = createLane({ prices: PRICES });
    const first = worker.entry(0);
    await lane.add(first);
    for (let index = 1; index < COUNT; index += 1) {
      expect(await lane.add(worker.entry(index))).toBe(1n);
    }
    return { worker, lane, first };
  }

  it("knows its oldest receipt again, and still finds out a second one in its place", async () => {
    const { worker, lane, first } = await filled();
    expect(lane.size()).toBe(COUNT);
    expect(await lane.add(first)).toBe(0n);
    expect(lane.isBroken()).toBe(false);
    expect(lane.cosignable()?.head.size).toBe(COUNT);
    await expect(lane.add(worker.entry(0, 77))).rejects.toMatchObject({ code: "RECEIPT_INVALID" });
    expect(lane.isBroken()).toBe(true);
    expect(lane.cosignable()).toBeUndefined();
  });
});
