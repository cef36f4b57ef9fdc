import { devWallet } from "../../relayer/localnet/devWallets";
import { decodeLeaf, fromBase64, hashLeaf, verifyInclusion } from "../../relayer/protocol";
import { answerTo, ask, createAsker, inParallel } from "./support/asker";
import { type Books, readBooks } from "./support/books";
import { type JobHistory, readHistory } from "./support/jobHistory";
import { type Network, startNetwork } from "./support/network";
import { until } from "./support/until";

const REQUESTS = 1_000;
const IN_FLIGHT = 32;
const BOOT_MS = 300_000;

describe("1,000 requests of one developer, 32 at a time", () => {
  let network: Network;

  beforeAll(async () => {
    network = await startNetwork({
      name: "thousand",
      env: {
        localnet: { COCOON_LOCALNET_BLOCK_MS: "100" },
        worker: { COCOON_MAX_CONCURRENT: String(IN_FLIGHT) },
        // Some settlements on the way, the rest at the end.
        relayer: { COCOON_SETTLE_MIN_NANO: "4000000" },
      },
    });
  }, BOOT_MS);
  afterAll(() => network?.stop(), 60_000);

  it("answers all, writes each receipt once, and pays exactly what they add up to", async () => {
    const client = createAsker(network);
    const seen = await inParallel(REQUESTS, IN_FLIGHT, (index) =>
      ask(client, `number ${index}`, index % 2 === 1),
    );
    seen.forEach(({ text }, index) => {
      expect(text).toBe(answerTo(`number ${index}`));
    });
    const jobs = new Set(seen.map(({ job }) => job));
    expect(jobs.size).toBe(1);
    expect(new Set(seen.map(({ receiptId }) => receiptId)).size).toBe(REQUESTS);

    const [job = ""] = jobs;
    await client.post(`/cocoon/jobs/${job}/close`);
    const history = await until("the job has paid and ended", async () => {
      const found = await readHistory(network.reader, job);
      return found.closed === undefined ? undefined : found;
    });
    await network.stopOne("gateway");
    await network.stopOne("relayer");
    const gateway = await readBooks(network.dataDir("gateway"), "gateway");
    const provider = await readBooks(network.dataDir("relayer"), "provider");

    const earned = checkReceipts(gateway, provider, new Set(seen.map(({ receiptId }) => receiptId)));
    checkCosts(gateway, seen, earned);
    checkPayments(history, gateway, earned);
    expect(await network.drift()).toBe(0n);
    // Nor has any process told its operator of a leak that is none.
    const lines = [...network.logs().values()].flatMap((text) => text.split("\n"));
    expect(lines.filter((line) => line.includes("Warning: "))).toEqual([]);
  }, 300_000);
});

/** One lane, its indexes 0 to 999 once each, every receipt in the final tree. Answers what the lane earned. */
function checkReceipts(gateway: Books, provider: Books, ids: ReadonlySet<string>): bigint {
  for (const { lanes } of [gateway, provider]) {
    expect(lanes).toHaveLength(1);
    const receipts = lanes[0]?.receipts ?? [];
    expect(receipts.map(({ index }) => Number(index))).toEqual(Array.from({ length: REQUESTS }, (_, i) => i));
    expect(new Set(receipts.map(({ requestId }) => requestId))).toEqual(ids);
  }
  const [mine, theirs] = [gateway.lanes[0], provider.lanes[0]];
  expect(mine?.receipts.map(({ leaf }) => leaf)).toEqual(theirs?.receipts.map(({ leaf }) => leaf));
  expect(mine?.head).toEqual(theirs?.head);
  expect(mine?.head.size).toBe(BigInt(REQUESTS));
  return checkChain(theirs?.receipts ?? []);
}

/** Each leaf stands in its own head, amounts only grow, and the last head is the sum. */
function checkChain(receipts: Books["lanes"][number]["receipts"]): bigint {
  let before = 0n;
  for (const receipt of receipts) {
    const leaf = decodeLeaf(fromBase64(receipt.leaf));
    expect(leaf.amount).toBeGreaterThan(before);
    before = leaf.amount;
    const proven = verifyInclusion({
      leafHash: hashLeaf(fromBase64(receipt.leaf)),
      index: leaf.index,
      size: Number(receipt.head.size),
      proof: receipt.proof.map((hash) => fromBase64(hash, 32)),
      root: fromBase64(receipt.head.root, 32),
    });
    expect(proven).toBe(true);
  }
  return before;
}

/** The costs told to the client, those in the gateway's book, and the lane's amount agree. */
function checkCosts(
  { calls }: Books,
  seen: readonly { readonly receiptId: string; readonly costNano: bigint | undefined }[],
  earned: bigint,
): void {
  const booked = new Map(calls.map((call) => [call.requestId, call.costNano]));
  for (const { receiptId, costNano } of seen) {
    expect(booked.get(receiptId)).toBe(costNano ?? booked.get(receiptId));
  }
  expect([...booked.values()].reduce<bigint>((sum, cost) => sum + (cost ?? 0n), 0n)).toBe(earned);
}

/** On chain: settled in steps up to the lane's amount; what left is the provider's pay, the fee and the refund. */
function checkPayments(history: JobHistory, { jobs }: Books, earned: bigint): void {
  const { settled, closed, sentNano, keptNano } = history;
  const sentTo = (role: "provider" | "treasury" | "developer") =>
    sentNano.get(devWallet(role).v5.toRawString()) ?? [];
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, nano) => total + nano, 0n);
  expect(settled.at(-1)?.amount).toBe(earned);
  expect(settled.every(({ cosigned }) => cosigned)).toBe(true);
  expect(sum(settled.map(({ paid }) => paid))).toBe(earned);
  expect(closed?.earned).toBe(earned);
  expect(sum(sentTo("provider")) + sum(sentTo("treasury"))).toBe(earned);
  expect(sentTo("treasury")).toEqual([closed?.fees]);
  // The budget's rest and, beyond it, what the opening had left for rent: all of it, for the contract keeps nothing.
  expect(sentTo("developer").at(-1)).toBe(closed?.refund);
  expect(closed?.refund).toBeGreaterThanOrEqual((jobs[0]?.budgetNano ?? 0n) - earned);
  expect(keptNano).toBe(0n);
}
