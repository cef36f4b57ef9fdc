import fc from "fast-check";
import { parseBidPolicy } from "../../../relayer/provider/bids/bidPolicy";
import { type BidMoment, chooseBid, leastBps } from "../../../relayer/provider/bids/chooseBid";
import type { Auction } from "../../../relayer/store";

const MODEL = "aa".repeat(32);
const FLOOR = { prompt: "100", cached: "0", completion: "400", reasoning: "400" };
const policy = parseBidPolicy(
  JSON.stringify({ models: { [MODEL]: { floor: FLOOR, marginBps: 1_000 } }, openBps: 9_000, stepBps: 100 }),
);
const auction: Auction = {
  job: "0:00",
  modelHash: MODEL,
  developer: "0:01",
  nonce: 1n,
  budgetNano: 1_000_000_000n,
  openedAtSeconds: 1,
  endsAtSeconds: 2,
  ceiling: { promptPrice: 200n, cachedPrice: 20n, completionPrice: 800n, reasoningPrice: 800n },
  state: "open",
  bid: undefined,
};
const moment: BidMoment = {
  bestBps: 10_001,
  loadBps: 0,
  freeStakeNano: 100_000_000n,
  bondNano: 100_000_000n,
  room: 1,
  openBids: 0,
};
const bid = (more: Partial<BidMoment> = {}, other: Partial<Auction> = {}) =>
  chooseBid(policy, { ...auction, ...other }, { ...moment, ...more });

describe("what is bid in an auction", () => {
  it("begins where the policy says, undercuts by its step, and ends at the floor and its margin", () => {
    expect(bid()).toBe(9_000);
    expect(bid({ bestBps: 8_000 })).toBe(7_900);
    // 100 and a tenth of it, of a ceiling of 200.
    expect(bid({ bestBps: 5_550 })).toBe(5_500);
    expect(bid({ bestBps: 5_501 })).toBe(5_500);
    expect(bid({ bestBps: 5_500 })).toBeUndefined();
  });

  it("asks more the busier the workers are, and nothing above the limit", () => {
    // 110 × (1 + half of the half) is more than 9,000 of 200 only when the ceiling is lower.
    const ceiling = { ...auction.ceiling, promptPrice: 150n, completionPrice: 600n, reasoningPrice: 600n };
    expect(bid({ bestBps: 1 }, { ceiling })).toBeUndefined();
    expect(bid({ loadBps: 0, bestBps: 7_400 }, { ceiling })).toBe(7_334);
    expect(bid({ loadBps: 5_000, bestBps: 9_100 }, { ceiling })).toBe(9_000);
    expect(bid({ loadBps: 8_000 })).toBe(9_000);
    expect(bid({ loadBps: 8_001 })).toBeUndefined();
  });

  it("is nothing without stake, room, a wanted model, a budget in bounds or places in further auctions", () => {
    expect(bid({ freeStakeNano: 99_999_999n })).toBeUndefined();
    expect(bid({ room: 0 })).toBeUndefined();
    expect(bid({}, { modelHash: "bb".repeat(32) })).toBeUndefined();
    expect(bid({}, { budgetNano: 99_999_999n })).toBeUndefined();
    expect(bid({}, { budgetNano: 20_000_000_001n })).toBeUndefined();
    expect(bid({ openBids: 8 })).toBeUndefined();
    expect(bid({}, { ceiling: { ...auction.ceiling, completionPrice: 439n } })).toBeUndefined();
  });

  it("never sells below the floor, and never bids more than it must to keep it", () => {
    const price = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const prices = fc.record({
      promptPrice: price,
      cachedPrice: price,
      completionPrice: price,
      reasoningPrice: price,
    });
    fc.assert(
      fc.property(prices, prices, fc.nat({ max: 20_000 }), (ceiling, floor, marginBps) => {
        const bps = leastBps(ceiling, floor, marginBps);
        const kinds = ["promptPrice", "cachedPrice", "completionPrice", "reasoningPrice"] as const;
        const covers = (part: number) =>
          kinds.every(
            (kind) =>
              ((ceiling[kind] * BigInt(part)) / 10_000n) * 10_000n >=
              floor[kind] * BigInt(10_000 + marginBps),
          );
        if (bps === undefined) {
          expect(covers(10_000)).toBe(false);
        } else {
          expect(covers(bps)).toBe(true);
          expect(bps === 0 || !covers(bps - 1)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("a policy with an unknown field, a price that is no number or a hash that is none is refused by name", () => {
    const refusal = (text: string) => () => parseBidPolicy(text);
    expect(refusal("{")).toThrow("not valid");
    expect(refusal(JSON.stringify({ models: {}, speed: 1 }))).toThrow("speed");
    expect(refusal(JSON.stringify({ models: { [MODEL]: { floor: { ...FLOOR, prompt: "1.5" } } } }))).toThrow(
      "nanoton",
    );
    expect(refusal(JSON.stringify({ models: { abc: { floor: FLOOR } } }))).toThrow("models.abc");
  });
});
