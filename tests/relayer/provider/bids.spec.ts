import { beginCell, type OpenedContract, toNano } from "@ton/core";
import { primitives, toHex, toJobAddress, toRawAddress } from "../../../relayer/protocol";
import { parseBidPolicy } from "../../../relayer/provider";
import { type JobEscrow, type ModelMarket, modelMarket, ProviderStake } from "../../../wrappers";
import { loadJobTerms, type Prices, storeAuctionService } from "../../../wrappers/messages";
import { readTransactions } from "../../e2e/support/jobHistory";
import { MODEL_HASH, PRICES, toUint } from "../support/deployNetwork";
import { ask, cosign } from "./support/developer";
import { createWorld, SESSION_SEED, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

/** Half of the ceiling. */
const FLOOR = {
  prompt: (PRICES.prompt / 2n).toString(),
  cached: (PRICES.cached / 2n).toString(),
  completion: (PRICES.completion / 2n).toString(),
  reasoning: (PRICES.reasoning / 2n).toString(),
};
const BUDGET = toNano("1");
const AUCTION_SECONDS = 600;

describe("provider, and the auctions of its model", () => {
  let world: World;
  let market: OpenedContract<ModelMarket>;
  beforeAll(async () => {
    const bids = parseBidPolicy(
      JSON.stringify({ models: { [toHex(MODEL_HASH)]: { floor: FLOOR } }, maxBudgetNano: BUDGET.toString() }),
    );
    world = await createWorld({ bids, policy: { bidMs: 150 } });
    market = world.network.open(
      await modelMarket({ registry: world.network.registry.address, modelHash: toUint(MODEL_HASH) }),
    );
    await market.send(
      await world.network.via("spare1"),
      { value: toNano("0.05") },
      { $$type: "DeclareDemand", queryId: 1n, tokensPerDay: 1_000n },
    );
    await until("the worker is attested", async () => (await world.listed())[0]);
  });
  afterAll(() => world.close());

  const putUp = async (nonce: bigint, { ceiling = PRICES, budget = BUDGET } = {}) => {
    const job = await world.network.job(nonce);
    const now = world.net.chain.now();
    const value = budget + (await world.network.registry.getMinValueToOpenAuction()) + toNano("0.01");
    await job.send(
      await world.network.via("developer"),
      { value },
      {
        $$type: "OpenAuction",
        queryId: 1n,
        budget,
        endsAt: BigInt(now + AUCTION_SECONDS),
        acceptBy: BigInt(now + 2 * AUCTION_SECONDS),
        deadline: BigInt(now + 86_400),
        sessionPublicKey: toUint(primitives.ed25519PublicKey(SESSION_SEED)),
        service: beginCell()
          .store(
            storeAuctionService({
              $$type: "AuctionService",
              modelHash: toUint(MODEL_HASH),
              prices: ceiling,
              market: market.address,
            }),
          )
          .endCell(),
      },
    );
    return job;
  };
  const bidOn = (job: OpenedContract<JobEscrow>) =>
    until("a bid stands", async () => {
      const auction = await job.getAuction();
      return auction !== null && auction.bps <= 10_000n ? auction : undefined;
    });
  const state = () => world.network.provider.getProviderState();
  const bidsSent = async () => {
    const raw = world.network.provider.address.toRawString();
    const transactions = await readTransactions(world.network.reader, raw);
    return transactions.filter(({ inMessage }) => {
      const slice = inMessage?.body.beginParse();
      return (
        slice !== undefined &&
        slice.remainingBits >= 32 &&
        slice.preloadUint(32) === ProviderStake.opcodes.BidOnJob
      );
    }).length;
  };

  it("bids, survives a restart without bidding against itself, awards what it won, and serves it at its prices", async () => {
    const job = await putUp(1n);
    const auction = await bidOn(job);
    expect(auction).toMatchObject({ bps: 9_500n, bond: BUDGET / 10n });
    expect((await state()).bonded).toBe(BUDGET / 10n);
    const before = await bidsSent();
    await world.provider.close();
    await world.startProvider();
    await world.net.chain.setTime(world.net.chain.now() + AUCTION_SECONDS + 3);
    await until("it is awarded and accepted", async () =>
      (await job.getJobState()).state === 3n ? true : undefined,
    );
    expect(await bidsSent()).toBe(before);

    const cell = await job.getTerms();
    const { provider } = loadJobTerms((cell ?? beginCell().endCell()).beginParse());
    expect(provider.equals(world.network.provider.address)).toBe(true);
    const part = (price: bigint) => (price * 9_500n) / 10_000n;
    const terms = {
      networkId: world.net.chain.globalId,
      job: toJobAddress(job.address.toRawString()),
      provider: toRawAddress(provider.toRawString()),
      modelHash: MODEL_HASH,
      sessionPublicKey: primitives.ed25519PublicKey(SESSION_SEED),
      promptPrice: part(PRICES.prompt),
      cachedPrice: part(PRICES.cached),
      completionPrice: part(PRICES.completion),
      reasoningPrice: part(PRICES.reasoning),
    };
    const call = async () => {
      const [worker] = await world.listed();
      return worker === undefined
        ? undefined
        : {
            url: world.provider.url,
            worker,
            terms,
            sessionSeed: SESSION_SEED,
            nowSeconds: world.net.chain.now(),
          };
    };
    const { record, one } = await until("it is served", async () => {
      const one = await call();
      const answer = one === undefined ? undefined : await ask(one);
      return one !== undefined && answer?.record !== undefined ? { record: answer.record, one } : undefined;
    });
    // 10 prompt and 20 completion tokens.
    expect(record.head.amount).toBe(((2_000n + 16_000n) * 9_500n) / 10_000n);
    expect(await cosign(one, record)).toMatchObject({ status: 200 });
    await until("it is paid", async () => ((await job.getJobState()).paid > 0n ? true : undefined));
  });

  it("bids nothing below its floor, for too large a budget, or twice", async () => {
    const half = (price: bigint) => price / 2n - 1n;
    const low: Prices = {
      $$type: "Prices",
      prompt: half(PRICES.prompt),
      cached: half(PRICES.cached),
      completion: half(PRICES.completion),
      reasoning: half(PRICES.reasoning),
    };
    const cheap = await putUp(2n, { ceiling: low });
    const large = await putUp(3n, { budget: BUDGET + 1n });
    const before = await bidsSent();
    const fine = await putUp(4n);
    await bidOn(fine);
    // The later one was seen, so the earlier ones were too.
    for (const job of [cheap, large]) {
      expect((await job.getAuction())?.bps).toBe(10_001n);
    }
    expect(await bidsSent()).toBe(before + 1);
  });

  it("has its bond back, and goes on bidding, when the developer cancels", async () => {
    const bonded = (await state()).bonded;
    const job = await putUp(5n);
    await bidOn(job);
    expect((await state()).bonded).toBe(bonded + BUDGET / 10n);
    const value = (await job.getMinValueToEndJob()) + 10_000_000n;
    await job.send(await world.network.via("developer"), { value }, { $$type: "CancelJob", queryId: 1n });
    await until("the bond is free", async () => ((await state()).bonded === bonded ? true : undefined));
    await until("it is over for the relayer", async () =>
      world.logLines.some((line) => line.includes("auction over") && line.includes(job.address.toRawString()))
        ? true
        : undefined,
    );
  });
});
