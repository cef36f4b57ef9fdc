import { beginCell } from "@ton/core";
import {
  storeBidder,
  storeBidLost,
  storeBidPlaced,
  storeCancelJob,
  storeConfirmBid,
  storeReleaseJob,
  storeRequestAcceptance,
} from "../../../wrappers/messages";
import {
  attest,
  body,
  deliver,
  expire,
  finalize,
  type Job,
  OP,
  open,
  QUERY,
  settleHead,
  syncLane,
  UNDERPAID,
  useWorld,
} from "../../support/actors";
import {
  events,
  exitCode,
  expectDone,
  expectEnded,
  expectExcess,
  expectPaid,
  expectRefused,
} from "../../support/expect";
import { testKey } from "../../support/keys";
import {
  AUCTION_SECONDS,
  BUDGET,
  DAY,
  enlistProvider,
  MODEL,
  PRICES,
  STAKE,
  START,
  service,
  WORKER,
} from "../../support/world";
import { award, bid, deployMarket, enlistRival, type Market, marketOf, putUp } from "./cast";

let market: Market;
let rival: Awaited<ReturnType<typeof enlistRival>>;
const world = useWorld(async (fresh) => {
  await enlistProvider(fresh);
  market = await deployMarket(fresh);
  rival = await enlistRival(fresh);
});

const BOND = BUDGET / 10n;
const OPEN = 1n;
const ACTIVE = 3n;
const ofRival = () => ({ provider: rival, from: world().treasury });
const afterBids = () => {
  world().chain.now = START + AUCTION_SECONDS;
};
const bonded = async (provider = world().provider) => {
  const { bonded: amount, openJobs } = await provider.getProviderState();
  return { amount, openJobs };
};
const FREE = { amount: 0n, openJobs: 0n };
const LOCKED = { amount: BOND, openJobs: 1n };

describe("An auction opened", () => {
  it("waits for bids, keeps budget and rent, and is announced by its model's market", async () => {
    const opened = await putUp(world(), market.address);
    const { job } = opened;
    expect(await job.getJobState()).toMatchObject({ state: OPEN, budget: BUDGET, bond: 0n });
    expect(await job.getAuction()).toMatchObject({
      bps: 10_001n,
      endsAt: BigInt(START + AUCTION_SECONDS),
      modelHash: MODEL,
    });
    expect(opened.transactions).toHaveTransaction({ from: job.address, to: market.address, exitCode: 0 });
    expect(opened.transactions).toHaveTransaction({ from: market.address, to: opened.from, op: OP.Excesses });
    expect(events(opened.transactions)).toMatchObject([
      { $$type: "JobOpenedEvent", budget: BUDGET },
      { $$type: "AuctionAnnouncedEvent", budget: BUDGET, nonce: 1n, endsAt: BigInt(START + AUCTION_SECONDS) },
    ]);
  });

  it.each([
    ["one nanoton below the least value", { short: 1n }, "ErrValueTooLow"],
    ["no budget", { budget: 0n }, "ErrBadAmount"],
    ["an end that has come", { endsAt: BigInt(START) }, "ErrBadDates"],
    ["no time for an award", { endsAt: BigInt(START + DAY) }, "ErrBadDates"],
    ["a deadline before acceptBy", { deadline: BigInt(START + DAY - 1) }, "ErrBadDates"],
    ["a deadline after more than a year", { deadline: BigInt(START + 365 * DAY + 1) }, "ErrBadDates"],
    ["a service that names no market", { service: body((b) => b.storeUint(MODEL, 256)) }, 9],
  ])("is refused with %s", async (_case, overrides, code) => {
    expectRefused(await putUp(world(), market.address, overrides), code);
  });

  it("is refused to anyone but the developer, and a second time", async () => {
    expectRefused(await putUp(world(), market.address, { from: world().stranger }), "ErrNotDeveloper");
    await putUp(world(), market.address);
    expectRefused(await putUp(world(), market.address), "ErrJobNotNew");
  });

  it("stands although its market does not exist, or is another model's", async () => {
    const nowhere = await marketOf(world(), 77n);
    const { job } = await putUp(world(), nowhere.address);
    expectDone(await bid(world()), { out: 1 });
    afterBids();
    await award(world(), job);
    expect(await job.getJobState()).toMatchObject({ state: ACTIVE });

    const wrong = await putUp(world(), market.address, { nonce: 2n, modelHash: 77n });
    expect(wrong.transactions).toHaveTransaction({ to: market.address, exitCode: 707, aborted: true });
    expect(await wrong.job.getJobState()).toMatchObject({ state: OPEN });
  });

  it("takes no bid that names a worker of another model", async () => {
    const { job } = await putUp(world(), market.address, { modelHash: 77n });
    const placed = await bid(world());
    expect(placed.transactions).toHaveTransaction({
      to: job.address,
      op: OP.BidPlaced,
      aborted: true,
      exitCode: exitCode("ErrWrongModel"),
    });
    expect(await job.getAuction()).toMatchObject({ bps: 10_001n });
    expect(await bonded()).toEqual(FREE);
  });

  it("cannot be accepted outside the auction, by no one", async () => {
    const { job } = await putUp(world(), market.address);
    const content = body(
      storeRequestAcceptance({ $$type: "RequestAcceptance", queryId: QUERY, worker: WORKER.id }),
    );
    const value = await job.getMinValueToRequestAcceptance();
    expectRefused(
      await deliver(world(), { from: world().operator, to: job.address, value, body: content }),
      "ErrJobNotOpen",
    );
  });
});

describe("A bid", () => {
  let job: Job;
  beforeEach(async () => {
    ({ job } = await putUp(world(), market.address));
  });

  it("locks the bond at its provider and becomes the best, at exactly the least value", async () => {
    const placed = await bid(world(), { bps: 9_000n });
    expectDone(placed, { out: 1 });
    expect(await bonded()).toEqual(LOCKED);
    expect(await job.getAuction()).toMatchObject({ bps: 9_000n, bond: BOND });
    expect(events(placed.transactions)).toMatchObject([{ $$type: "BidTakenEvent", bps: 9_000n, bond: BOND }]);
    expect(placed.transactions).toHaveTransaction({ from: job.address, to: placed.from, op: OP.Excesses });
  });

  it("is refused by the provider's contract one nanoton short, and to strangers", async () => {
    expectRefused(await bid(world(), { short: 1n }), "ErrValueTooLow");
    expectRefused(await bid(world(), { from: world().stranger }), "ErrNotOperator");
    expectRefused(await bid(world(), { bps: 10_001n }), "ErrBidNotLower");
  });

  it("may come from the owner, and frees the bond of the one it beats", async () => {
    await bid(world(), { bps: 9_000n, from: world().owner });
    const better = await bid(world(), { bps: 8_999n, ...ofRival() });
    expect(better.transactions).toHaveTransaction({
      to: world().provider.address,
      op: OP.BidLost,
      exitCode: 0,
      actionResultCode: 0,
    });
    expect(await bonded()).toEqual(FREE);
    expect(await bonded(rival)).toEqual(LOCKED);
    expect(await job.getAuction()).toMatchObject({ bps: 8_999n });
    expect(String((await job.getAuction())?.provider)).toBe(String(rival.address));
  });

  it("may beat its own provider's: one bond stays locked", async () => {
    await bid(world(), { bps: 9_000n });
    await bid(world(), { bps: 5_000n });
    expect(await bonded()).toEqual(LOCKED);
  });

  it.each([
    ["the same price", 740, { bps: 9_000n }],
    ["a higher price", 740, { bps: 9_001n }],
    ["another opening in view", 741, { bps: 1n, openedAt: BigInt(START - 1) }],
    ["another budget in view", 741, { bps: 1n, budget: BUDGET - 1n }],
  ])("with %s bounces from the job, and its bond is free again", async (_case, code, overrides) => {
    await bid(world(), { bps: 9_000n, ...ofRival() });
    const { transactions } = await bid(world(), overrides);
    expect(transactions).toHaveTransaction({
      to: job.address,
      op: OP.BidPlaced,
      aborted: true,
      exitCode: code,
    });
    expect(transactions).toHaveTransaction({
      to: world().provider.address,
      inMessageBounced: true,
      success: true,
    });
    expect(transactions).toHaveTransaction({
      from: world().provider.address,
      to: world().operator.address,
      op: OP.Excesses,
    });
    expect(await bonded()).toEqual(FREE);
    expect(await job.getAuction()).toMatchObject({ bps: 9_000n });
  });

  it("for a job that does not exist, or is no auction, comes back", async () => {
    await bid(world(), { nonce: 99n });
    expect(await bonded()).toEqual(FREE);
  });

  it("after the end comes back; a second before it counts", async () => {
    world().chain.now = START + AUCTION_SECONDS - 1;
    await bid(world(), { bps: 9_000n });
    expect(await bonded()).toEqual(LOCKED);
    afterBids();
    const late = await bid(world(), { bps: 1n });
    expect(late.transactions).toHaveTransaction({ to: job.address, op: OP.BidPlaced, exitCode: 801 });
    expect(await bonded()).toEqual(LOCKED);
  });

  it("needs a live worker of the job's model", async () => {
    expectRefused(await bid(world(), { worker: 99n }), "ErrNoSuchWorker");
    const other = testKey("other model's worker");
    await attest(world(), { key: other.id, expiresAt: START + 100 }); // one more worker, soon gone
    world().chain.now = START + 100;
    expectRefused(await bid(world(), { worker: other.id }), "ErrAttestationEnded");
  });

  it("needs free stake, the network's least stake, and capacity", async () => {
    const provider = world().provider;
    const value = await provider.getMinValueToChangeStake();
    const unbond = (amount: bigint) =>
      provider.send(world().owner.getSender(), { value }, { $$type: "Unbond", queryId: QUERY, amount });
    await unbond(STAKE - 1_000_000_000n);
    await putUp(world(), market.address, { nonce: 2n, budget: 10_000_000_001n });
    expectRefused(await bid(world(), { nonce: 2n, budget: 10_000_000_001n }), "ErrStakeBonded");
    await unbond(1n);
    expectRefused(await bid(world()), "ErrStakeTooLow");
    for (const nonce of [11n, 12n, 13n, 14n]) {
      await putUp(world(), market.address, { nonce });
      await bid(world(), { nonce, ...ofRival() });
    }
    expect(await bonded(rival)).toEqual({ amount: 4n * BOND, openJobs: 4n });
    expectRefused(await bid(world(), ofRival()), "ErrNoCapacity");
  });

  it("cannot be forged: not from a wallet, nor from a provider that says it is another", async () => {
    const bidder = beginCell()
      .store(
        storeBidder({
          $$type: "Bidder",
          owner: world().owner.address,
          index: 0n,
          worker: WORKER.id,
          responseTo: world().stranger.address,
        }),
      )
      .endCell();
    const content = body(
      storeBidPlaced({
        $$type: "BidPlaced",
        queryId: QUERY,
        budget: BUDGET,
        bondBps: 0n,
        openedAt: BigInt(START),
        bps: 0n,
        modelHash: MODEL,
        bidder,
      }),
    );
    for (const from of [world().stranger, world().owner, world().operator]) {
      const parcel = { from, to: job.address, value: BUDGET, body: content };
      expectRefused(await deliver(world(), parcel), "ErrNotProviderStake");
    }
  });

  it("is freed and confirmed by its job alone", async () => {
    await bid(world());
    const common = { queryId: QUERY, developer: world().developer.address, nonce: 1n, bond: BOND };
    const to = world().provider.address;
    const lost = body(storeBidLost({ $$type: "BidLost", ...common }));
    const won = body(
      storeConfirmBid({
        $$type: "ConfirmBid",
        ...common,
        worker: WORKER.id,
        requester: world().stranger.address,
      }),
    );
    for (const content of [lost, won]) {
      expectRefused(
        await deliver(world(), { from: world().developer, to, value: BUDGET, body: content }),
        "ErrNotJobEscrow",
      );
    }
    expect(await bonded()).toEqual(LOCKED);
  });

  it("cannot be unbonded behind: its stake stays until the auction is over", async () => {
    await bid(world());
    const value = await world().provider.getMinValueToChangeStake();
    const { transactions } = await world().provider.send(
      world().owner.getSender(),
      { value },
      { $$type: "Unbond", queryId: QUERY, amount: STAKE - BOND + 1n },
    );
    expect(transactions).toHaveTransaction({ to: world().provider.address, exitCode: 513 });
  });
});

describe("An award", () => {
  let job: Job;
  beforeEach(async () => {
    ({ job } = await putUp(world(), market.address));
  });

  it("by a stranger makes the job the best bidder's, at its prices, with its worker's lane", async () => {
    await bid(world(), { bps: 7_500n });
    afterBids();
    const awarded = await award(world(), job);
    expectDone(awarded, { out: 2 });
    expect(await job.getJobState()).toMatchObject({ state: ACTIVE, bond: BOND });
    expect([...(await job.getLanes()).keys()]).toEqual([WORKER.id]);
    expect(await bonded()).toEqual(LOCKED);
    expect(await job.getAuction()).toBeNull();
    expect(awarded.transactions).toHaveTransaction({ from: job.address, to: awarded.from, op: OP.Excesses });
    expect(events(awarded.transactions).map(({ $$type }) => $$type)).toEqual([
      "JobAwardedEvent",
      "BondReservedEvent",
      "JobAcceptedEvent",
    ]);
    const terms = (await job.getTerms())?.beginParse();
    terms?.skip(8);
    expect(terms?.loadAddress().equals(world().provider.address)).toBe(true);
    const price = terms?.loadRef().beginParse().skip(256).loadUintBig(64);
    expect(price).toBe((PRICES.prompt * 7_500n) / 10_000n);
    // What follows is a session as any other.
    const second = testKey("second worker");
    await attest(world(), { key: second.id });
    await syncLane(world(), job.address, second.id);
    expect((await job.getLanes()).size).toBe(2);
    await settleHead(world(), job, { amount: 1_000_000n });
    expect(await job.getJobState()).toMatchObject({ paid: 1_000_000n });
  });

  it("is refused before the end, without a bid, below the least value, from acceptBy on, and a second time", async () => {
    expectRefused(await award(world(), job), "ErrTooEarly");
    await bid(world());
    world().chain.now = START + AUCTION_SECONDS - 1;
    expectRefused(await award(world(), job), "ErrTooEarly");
    afterBids();
    expectRefused(await award(world(), job, { short: 1n }), "ErrValueTooLow");
    const { job: lonely } = await putUp(world(), market.address, { nonce: 2n });
    const { job: late } = await putUp(world(), market.address, { nonce: 3n });
    await bid(world(), { nonce: 3n, openedAt: BigInt(START + AUCTION_SECONDS) });
    await award(world(), job);
    expectRefused(await award(world(), job), "ErrJobNotOpen");
    world().chain.now = START + 2 * AUCTION_SECONDS;
    expectRefused(await award(world(), lonely), "ErrNoBid");
    world().chain.now = START + AUCTION_SECONDS + DAY;
    expectRefused(await award(world(), late), "ErrTooLate");
  });

  it("is none where nothing was put up for auction", async () => {
    const refused = await open(world(), { service: service(MODEL, UNDERPAID) }, 3n);
    expectRefused(await award(world(), refused), "ErrNotAuction");
  });

  it("cannot be refused by the winner: paused, without worker, with its stake unbonded, it is bound all the same", async () => {
    await bid(world());
    const { provider, network, guardian, owner, operator } = world();
    const govern = await network.getMinValueToGovern();
    await network.send(guardian.getSender(), { value: govern }, { $$type: "Pause", queryId: QUERY });
    await provider.send(
      operator.getSender(),
      { value: await provider.getMinValueToSyncParams() },
      { $$type: "SyncParams", queryId: QUERY },
    );
    const value = await provider.getMinValueToChangeStake();
    await provider.send(
      owner.getSender(),
      { value },
      { $$type: "Unbond", queryId: QUERY, amount: STAKE - BOND },
    );
    await provider.send(
      operator.getSender(),
      { value: await provider.getMinValueToDropWorker() },
      { $$type: "DropWorker", queryId: QUERY, receiptPublicKey: WORKER.id },
    );
    afterBids();
    await award(world(), job);
    expect(await job.getJobState()).toMatchObject({ state: ACTIVE, bond: BOND });
    expect((await job.getLanes()).size).toBe(0);
  });

  it("bids are refused while paused", async () => {
    const { provider, network, guardian, operator } = world();
    const govern = await network.getMinValueToGovern();
    await network.send(guardian.getSender(), { value: govern }, { $$type: "Pause", queryId: QUERY });
    await provider.send(
      operator.getSender(),
      { value: await provider.getMinValueToSyncParams() },
      { $$type: "SyncParams", queryId: QUERY },
    );
    expectRefused(await bid(world()), "ErrPaused");
  });
});

describe("An auction that comes to nothing", () => {
  let job: Job;
  beforeEach(async () => {
    ({ job } = await putUp(world(), market.address));
  });
  const cancel = async () =>
    deliver(world(), {
      from: world().developer,
      to: job.address,
      value: await job.getMinValueToEndJob(),
      body: body(storeCancelJob({ $$type: "CancelJob", queryId: QUERY })),
    });

  it("is cancelled by its developer: the bond is free, the budget back", async () => {
    await bid(world());
    const cancelled = await cancel();
    expectEnded(cancelled, { out: 4 });
    expect(await bonded()).toEqual(FREE);
  });

  it("is expired by anyone from acceptBy on, with a bid or without", async () => {
    await bid(world());
    const { job: lonely } = await putUp(world(), market.address, { nonce: 2n });
    world().chain.now = START + DAY - 1;
    expectRefused(await expire(world(), job), "ErrTooEarly");
    world().chain.now = START + DAY;
    expectEnded(await expire(world(), job), { out: 4 });
    expect(await bonded()).toEqual(FREE);
    expectEnded(await expire(world(), lonely), { out: 3 });
  });

  it("and is put up again: a bid for the first opening does not count for the second", async () => {
    await cancel();
    world().chain.now = START + 1;
    await putUp(world(), market.address, { budget: BUDGET });
    const { transactions } = await bid(world());
    expect(transactions).toHaveTransaction({ to: job.address, op: OP.BidPlaced, exitCode: 741 });
    expect(await bonded()).toEqual(FREE);
  });
});

describe("A sale", () => {
  it("is told to the market when the job ends, and frees the bond", async () => {
    const { job } = await putUp(world(), market.address);
    await bid(world(), { bps: 5_000n });
    afterBids();
    await award(world(), job);
    await settleHead(world(), job, { amount: BUDGET, issuedAt: START + AUCTION_SECONDS });
    const released = await deliver(world(), {
      from: world().operator,
      to: job.address,
      value: await job.getMinValueToEndJob(),
      body: body(storeReleaseJob({ $$type: "ReleaseJob", queryId: QUERY })),
    });
    expectEnded(released, { out: 6 });
    expectExcess(released);
    expectPaid(released, world().treasury.address, BUDGET / 50n);
    expect(await bonded()).toEqual(FREE);
    const price = ((3n * PRICES.prompt + PRICES.completion) * 5_000n) / 10_000n / 4n;
    expect(events(released.transactions)).toContainEqual(
      expect.objectContaining({ $$type: "PriceChangedEvent", volume: BUDGET, sold: price, price }),
    );
    expect(await market.getMarket()).toMatchObject({ price, volume: BUDGET, sales: 1n });
  });

  it("of nothing is none", async () => {
    const { job } = await putUp(world(), market.address);
    await bid(world());
    afterBids();
    await award(world(), job);
    world().chain.now = START + 7 * DAY;
    await expire(world(), job);
    world().chain.now = START + 9 * DAY;
    expectEnded(await finalize(world(), job), { out: 4 });
    expect(await market.getMarket()).toMatchObject({ sales: 0n, volume: 0n });
  });
});
