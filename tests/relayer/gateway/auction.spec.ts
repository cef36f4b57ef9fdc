import { toNano } from "@ton/core";
import type { Policy } from "../../../relayer/client";
import { toHex } from "../../../relayer/protocol";
import { parseBidPolicy } from "../../../relayer/provider";
import { JobEscrow } from "../../../wrappers";
import { MODEL_HASH, PRICES } from "../support/deployNetwork";
import { auctionHelpers } from "./support/auctions";
import { createWorld, MODEL, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const SECONDS = 600;
const HOUR = 3_600;
/** 10 prompt tokens and the four words, at the list price. */
const LISTED_NANO = 5_200n;
const POLICY: Partial<Policy> = {
  refreshMs: 300,
  buy: "auction",
  auction: { seconds: SECONDS, ceilings: {}, ifNobodyBids: "named", againSeconds: HOUR },
  prewarmModels: [MODEL],
};

/** Bids down to so many hundredths of a percent of the list price. */
function bidsDownTo(bps: bigint, { openBps = 9_500, stepBps = 200 } = {}) {
  const part = (price: bigint) => ((price * bps) / 10_000n).toString();
  const floor = {
    prompt: part(PRICES.prompt),
    cached: part(PRICES.cached),
    completion: part(PRICES.completion),
    reasoning: part(PRICES.reasoning),
  };
  return parseBidPolicy(JSON.stringify({ models: { [toHex(MODEL_HASH)]: { floor } }, openBps, stepBps }));
}

describe("gateway that buys by auction", () => {
  let world: World;
  let on: ReturnType<typeof auctionHelpers>;
  beforeAll(async () => {
    world = await createWorld({ policy: POLICY, hasMarket: true, blockMs: 5_000, bids: bidsDownTo(5_000n) });
    on = auctionHelpers(world);
  });
  afterAll(() => world.close());

  const isBid = (bps: number | undefined) => bps !== undefined;
  const storeOf = (name: string) => ({ store: `file:${world.folder}/${name}` });

  it("puts a job up at the cheapest offer's prices, has it awarded, and pays what was bid", async () => {
    const auction = await on.upForAuction(isBid);
    const { address } = auction;
    expect(auction).toMatchObject({
      provider: null,
      ceiling: { prompt_nano: PRICES.prompt.toString(), completion_nano: PRICES.completion.toString() },
      best_bid: { provider: world.supply.address, bps: 9_500 },
    });
    await on.passed(auction);
    await on.active(address);
    const answer = await on.ask();
    expect(answer.headers.get("cocoon-job")).toBe(address);
    expect(await on.answerOf(answer)).toEqual({
      costNano: (LISTED_NANO * 95n) / 100n,
      content: "Hello from the enclave",
    });
    expect(await on.jobs()).toMatchObject([{ address, provider: world.supply.address, state: "active" }]);
    expect(await on.received(address)).toContain(JobEscrow.opcodes.OpenAuction);
    expect(await on.received(address)).not.toContain(JobEscrow.opcodes.OpenJob);
  });

  it("buys nothing while what it has lasts, the successor before it ends, and waits for neither", async () => {
    const [held] = await on.jobs();
    await on.restart({ jobSeconds: HOUR });
    expect((await on.ask()).headers.get("cocoon-job")).toBe(held?.address);
    expect(await on.jobs()).toHaveLength(1);

    await on.restart({ jobSeconds: HOUR }, storeOf("short"));
    const first = await on.upForAuction(isBid);
    await on.passed(first);
    await on.active(first.address);
    // Its last 180 seconds, the auction's 600 and 120 for the award.
    const endsAt = first.ends_at + HOUR;
    await world.net.chain.setTime(endsAt - 890);
    const second = await on.upForAuction(isBid);
    expect((await on.ask()).headers.get("cocoon-job")).toBe(first.address);
    await on.passed(second);
    await on.active(second.address);
    await world.net.chain.setTime(endsAt - 100);
    // The clock has jumped over the seconds in which a job is young and its provider is given time to see it.
    const late = await until("its provider knows the job", async () => {
      const answer = await on.ask();
      return answer.status === 409 ? undefined : answer;
    });
    expect([late.status, late.headers.get("cocoon-job")]).toEqual([200, second.address]);
  });

  it("puts the next one up when a job in use can grow no more, and serves from it meanwhile", async () => {
    await on.restart();
    const held = (await on.ask()).headers.get("cocoon-job");
    // What it has is less than a fifth of what a job is to have now, and more than that may be in none.
    const budget = { jobBudgetNano: toNano("10"), maxJobBudgetNano: toNano("10") };
    await on.restart(budget);
    expect((await on.ask()).headers.get("cocoon-job")).toBe(held);
    const next = await on.upForAuction(isBid);
    expect((await on.ask()).headers.get("cocoon-job")).toBe(held);
    await on.passed(next);
    await on.active(next.address);
    // By the clock that was set, the old one has rested since.
    await until("the old one is let go", async () =>
      (await on.jobs()).some(({ address, state }) => address === held && state === "active")
        ? undefined
        : true,
    );
    expect((await on.ask()).headers.get("cocoon-job")).toBe(next.address);
  });

  it("buys from the lower of two bidders, whatever their lists say", async () => {
    const said = { words: ["the", " second"], delayMs: 0, status: 200 };
    const bids = bidsDownTo(3_000n, { openBps: 4_500, stepBps: 5_000 });
    const second = await world.addSupply(said, undefined, bids);
    await on.restart({}, storeOf("two"));
    const auction = await on.upForAuction((bps = 10_001) => bps <= 4_500);
    expect(auction.best_bid).toEqual({ provider: second.address, bps: 4_500 });
    await on.passed(auction);
    await on.active(auction.address);
    const answer = await on.ask();
    expect([answer.headers.get("cocoon-job"), answer.headers.get("cocoon-provider")]).toEqual([
      auction.address,
      second.address,
    ]);
    // 10 prompt tokens and two words.
    const listed = 2_000n + 2n * 800n;
    expect(await on.answerOf(answer)).toEqual({ costNano: (listed * 45n) / 100n, content: "the second" });
  });
});
