import { toNano } from "@ton/core";
import { internal } from "@ton/sandbox";
import {
  storeAnnounceAuction,
  storeAskPrice,
  storeDeclareDemand,
  storePriceReport,
  storeReleaseJob,
  storeReportSale,
} from "../../../wrappers/messages";
import { arrival, body, deliver, NO_RECEIVER, OP, QUERY, settleHead, useWorld } from "../../support/actors";
import { events, exitCode, expectDone, expectRefused, storageFee } from "../../support/expect";
import { AUCTION_SECONDS, DAY, enlistProvider, MODEL, openAuction, PRICES, START } from "../../support/world";
import { PRICE_LISTS } from "../fuzz/prices";
import { award, bid, deployMarket, type Market, putUp } from "./cast";

let market: Market;
const world = useWorld(async (fresh) => {
  await enlistProvider(fresh);
  market = await deployMarket(fresh);
});

async function declare(tokensPerDay: bigint, short = 0n) {
  return deliver(world(), {
    from: world().developer,
    to: market.address,
    value: (await market.getMinValueToDeclareDemand()) - short,
    body: body(storeDeclareDemand({ $$type: "DeclareDemand", queryId: QUERY, tokensPerDay })),
  });
}

async function ask(short = 0n) {
  return deliver(world(), {
    from: world().stranger,
    to: market.address,
    value: (await market.getMinValueToAskPrice()) - short,
    body: body(storeAskPrice({ $$type: "AskPrice", queryId: QUERY })),
  });
}

/** A session bought by auction at `bps` of the ceiling that pays `volume` in full. */
async function sell(nonce: bigint, bps: bigint, volume: bigint) {
  const openedAt = BigInt(world().chain.now ?? START);
  const { job } = await putUp(world(), market.address, { nonce });
  await bid(world(), { nonce, bps, openedAt });
  world().chain.now = Number(openedAt) + AUCTION_SECONDS;
  await award(world(), job);
  await settleHead(world(), job, { amount: volume, issuedAt: world().chain.now });
  const sold = await deliver(world(), {
    from: world().operator,
    to: job.address,
    value: await job.getMinValueToEndJob(),
    body: body(storeReleaseJob({ $$type: "ReleaseJob", queryId: QUERY })),
  });
  return sold;
}

const CEILING = (3n * PRICES.prompt + PRICES.completion) / 4n;
const TON = toNano("1");
const GAS_AT_A_THIRD = PRICE_LISTS[2].config;

describe("ModelMarket price", () => {
  it("costs its market nothing: a sale brings what its event takes, even where gas is cheap", async () => {
    world().chain.setConfig(GAS_AT_A_THIRD);
    const before = await world().chain.getContract(market.address);
    const held = before.balance;
    const { transactions } = await sell(1n, 5_000n, TON / 5n);
    const sale = arrival(transactions, (await world().job(1n)).address, market.address);
    expect(sale.inMessage?.body.beginParse().preloadUint(32)).toBe(OP.ReportSale);
    const { balance } = await world().chain.getContract(market.address);
    expect(balance).toBeGreaterThanOrEqual(held - storageFee(sale));
  });

  it("is the first sale's, then moves by each sale's weight, and is weighted by time", async () => {
    await sell(1n, 5_000n, TON / 5n);
    expect(await market.getMarket()).toMatchObject({
      price: CEILING / 2n,
      sales: 1n,
      volume: TON / 5n,
      cumulative: 0n,
    });

    world().chain.now = START + AUCTION_SECONDS + 1_000;
    const second = START + 2 * AUCTION_SECONDS + 1_000;
    await sell(2n, 10_000n, TON);
    const moved = (10n * (CEILING / 2n) + CEILING) / 11n; // one TON against ten
    const elapsed = BigInt(second - START - AUCTION_SECONDS);
    expect(await market.getMarket()).toMatchObject({
      price: moved,
      sales: 2n,
      cumulative: (CEILING / 2n) * elapsed,
    });

    world().chain.now = second + 100;
    const report = await ask();
    expectDone(report, { out: 1 });
    expect(report.transactions).toHaveTransaction({
      from: market.address,
      to: world().stranger.address,
      inMessageBounceable: false,
      body: body(
        storePriceReport({
          $$type: "PriceReport",
          queryId: QUERY,
          modelHash: MODEL,
          price: moved,
          cumulative: (CEILING / 2n) * elapsed + moved * 100n,
          volume: TON + TON / 5n,
          demand: 1_000n,
        }),
      ),
    });
    expectRefused(await ask(1n), "ErrValueTooLow");
  });

  it("is moved by nothing but a genuine job's end", async () => {
    const sale = {
      $$type: "ReportSale",
      queryId: QUERY,
      developer: world().developer.address,
      nonce: 1n,
      volume: TON,
      service: openAuction(world(), { market: market.address }).service,
    } as const;
    const announcement = {
      $$type: "AnnounceAuction",
      queryId: QUERY,
      developer: world().developer.address,
      nonce: 1n,
      budget: TON,
      endsAt: BigInt(START + 1),
      terms: body(() => undefined),
    } as const;
    for (const content of [body(storeReportSale(sale)), body(storeAnnounceAuction(announcement))]) {
      for (const from of [world().developer, world().owner, world().stranger]) {
        const forged = await deliver(world(), { from, to: market.address, value: TON, body: content });
        expectRefused(forged, "ErrNotJobEscrow");
      }
    }
    expect(await market.getMarket()).toMatchObject({ price: 0n, sales: 0n, volume: 0n });
  });

  it("does not move by a sale of another model, whose job named this market", async () => {
    const { job } = await putUp(world(), market.address, { modelHash: 77n });
    const { service } = openAuction(world(), { market: market.address, modelHash: 77n });
    const { developer } = world();
    const { transactions } = await world().chain.sendMessage(
      internal({
        from: job.address,
        to: market.address,
        value: TON / 10n,
        body: body(
          storeReportSale({
            $$type: "ReportSale",
            queryId: QUERY,
            developer: developer.address,
            nonce: 1n,
            volume: TON,
            service,
          }),
        ),
      }),
    );
    expect(transactions).toHaveTransaction({
      from: job.address,
      to: market.address,
      exitCode: exitCode("ErrWrongModel"),
    });
    expect(await market.getMarket()).toMatchObject({ price: 0n, sales: 0n, volume: 0n });
  });
});

describe("ModelMarket demand", () => {
  it("counts on its day and the next, pays a week's rent, and shows as an event", async () => {
    const declared = await declare(500n);
    const kept = declared.after.balance - declared.before.balance + storageFee(declared.tx);
    expect(kept).toBeGreaterThan(0n);
    expectDone(declared, { kept, out: 2 });
    expect(events(declared.transactions)).toMatchObject([
      { $$type: "DemandDeclaredEvent", tokensPerDay: 500n },
    ]);
    const demand = async () => {
      const { demandToday, demandBefore } = await market.getMarket();
      return [demandToday, demandBefore];
    };
    expect(await demand()).toEqual([1_500n, 0n]);
    world().chain.now = START + DAY;
    expect(await demand()).toEqual([0n, 1_500n]);
    await declare(7n);
    expect(await demand()).toEqual([7n, 1_500n]);
    world().chain.now = START + 3 * DAY;
    expect(await demand()).toEqual([0n, 0n]);
  });

  it("is refused of nothing, and one nanoton below the least value", async () => {
    expectRefused(await declare(0n), "ErrBadAmount");
    expectRefused(await declare(1n, 1n), "ErrValueTooLow");
  });
});

describe("ModelMarket", () => {
  it("takes an empty deposit and no message that it does not know", async () => {
    const parcel = { from: world().stranger, to: market.address, value: TON };
    expectRefused(await deliver(world(), { ...parcel, body: body((b) => b.storeUint(1, 16)) }), NO_RECEIVER);
    expectRefused(
      await deliver(world(), { ...parcel, body: body((b) => b.storeUint(OP.OpenJob, 32)) }),
      NO_RECEIVER,
    );
    const given = await deliver(world(), parcel);
    expect(given.after.balance).toBeGreaterThan(given.before.balance);
    expect(await market.getModelHash()).toBe(MODEL);
  });
});
