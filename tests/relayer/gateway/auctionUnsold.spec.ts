import { setTimeout as pause } from "node:timers/promises";
import type { Address } from "@ton/core";
import type { JobInfo, Policy } from "../../../relayer/client";
import { openClient } from "../../../relayer/client/openClient";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { createLog } from "../../../relayer/observe/log";
import { openStore, type Store } from "../../../relayer/store";
import { JobEscrow, modelMarket } from "../../../wrappers";
import { readTransactions } from "../../e2e/support/jobHistory";
import { MODEL_HASH, toUint } from "../support/deployNetwork";
import { auctionHelpers } from "./support/auctions";
import { jobsOf, linesOf } from "./support/jobs";
import { createWorld, GATEWAY_POLICY, MODEL, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

/** 10 prompt tokens and four words, at the list price. */
const LISTED_NANO = 5_200n;
const low = { promptPrice: 1n, cachedPrice: 1n, completionPrice: 1n, reasoningPrice: 1n };
const POLICY: Partial<Policy> = {
  refreshMs: 300,
  buy: "auction",
  auction: { seconds: 600, ceilings: { [MODEL]: low }, ifNobodyBids: "named", againSeconds: 3_600 },
};

describe("gateway whose auction nobody bids in", () => {
  let world: World;
  let on: ReturnType<typeof auctionHelpers>;
  beforeAll(async () => {
    world = await createWorld({ policy: POLICY, hasMarket: true, blockMs: 5_000 });
    on = auctionHelpers(world);
  });
  afterAll(() => world.close());

  it("takes its money back, to the nanoton, and buys by name instead", async () => {
    const { registry } = world.network;
    const market = await modelMarket({ registry: registry.address, modelHash: toUint(MODEL_HASH) });
    const accounts = [devWallet("developer").v5, market.address];
    const before = await look(accounts);
    const address = await on.putUp();
    const auction = await on.upForAuction();
    await on.onChain(address);
    await on.passed(auction);
    await until("it has ended", async () => ((await on.jobs()).length === 0 ? true : undefined));
    expect(await on.received(address)).toEqual([JobEscrow.opcodes.OpenAuction, JobEscrow.opcodes.CancelJob]);
    await world.net.chain.settle();
    const fees = await feesSince(before, [...accounts.map((each) => each.toRawString()), address]);
    expect(held(before) - held(await look(accounts))).toBe(fees);
    // And the budget of one TON is back.
    expect(fees).toBeLessThan(10_000_000n);

    await on.restart({ prewarmModels: [MODEL] });
    // Nobody has to ask: the job is opened by name as soon as it is certain that nobody has bid.
    const again = await on.upForAuction();
    await on.onChain(again.address);
    await on.passed(again);
    await until("one is opened by name", async () =>
      (await on.jobs()).some(({ state }) => state === "active") ? true : undefined,
    );
    expect((await on.answerOf(await on.ask())).costNano).toBe(LISTED_NANO);
  });

  it("follows a job in use by name when the auction for its successor has sold nothing", async () => {
    const { ceilings } = POLICY.auction ?? { ceilings: {} };
    const auction = { seconds: 60, ceilings, ifNobodyBids: "named", againSeconds: 60 } as const;
    const jobSeconds = 7_200;
    await on.restart({ auction, jobSeconds }, { store: `file:${world.folder}/follow` });
    const first = (await on.ask()).headers.get("cocoon-job") ?? "";
    const bridged = await on.upForAuction();
    await on.onChain(bridged.address);
    await on.passed(bridged);
    await until("it has sold nothing", async () => ((await on.jobs()).length === 1 ? true : undefined));
    const deadline = (await jobsOf(world))[0]?.deadline ?? 0;
    // 180 seconds, the auction's 60 and the policy's 600.
    await world.net.chain.setTime(deadline - 839);
    expect((await on.ask()).headers.get("cocoon-job")).toBe(first);
    const up = await on.upForAuction();
    await on.onChain(up.address);
    await on.passed(up);
    const next = await until("it is followed by name", async () =>
      (await jobsOf(world)).find(({ follows, state }) => follows === first && state === "active"),
    );
    expect((await on.ask()).headers.get("cocoon-job")).toBe(first);
    await until("its provider serves it", async () =>
      linesOf(world, "job followed").some(({ job }) => job === first) ? true : undefined,
    );
    await world.net.chain.setTime(deadline - 180);
    const late = await on.askOnce();
    expect([late.status, late.headers.get("cocoon-job")]).toEqual([200, next.address]);
  });

  it("holds no second auction before its time, however many ask in the moment of the first one's end", async () => {
    const { ceilings } = POLICY.auction ?? { ceilings: {} };
    const auction = { seconds: 600, ceilings, ifNobodyBids: "fail", againSeconds: 3_600 } as const;
    await on.restart({ auction }, { store: `file:${world.folder}/fail` });
    const opened = () => world.logLines.filter((line) => line.includes("auction opening")).length;
    const before = opened();
    expect((await on.askOnce()).status).toBe(503);
    const up = await on.upForAuction();
    await on.onChain(up.address);
    const stop = new AbortController();
    const asking = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!stop.signal.aborted) {
          expect((await on.askOnce()).status).toBe(503);
        }
      }),
    );
    await on.passed(up);
    await until("it has ended", async () => ((await on.jobs()).length === 0 ? true : undefined));
    stop.abort();
    await asking;
    const refused = await on.askOnce();
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_000);
    expect([refused.status, opened() - before]).toEqual([503, 1]);
    await world.net.chain.setTime(world.net.chain.now() + 3_600);
    expect((await on.askOnce()).status).toBe(503);
    expect((await on.upForAuction()).address).not.toBe(up.address);
  });

  it("buys by name at once though the store is slow to note that the auction has failed", async () => {
    await world.gateway.close();
    const lines: string[] = [];
    const log = createLog({
      name: "slow",
      level: "info",
      destination: { write: (line) => lines.push(line) },
    });
    const store = await openStore({ url: "memory:", log, clock: world.clock });
    const slow: Store = Object.create(store, {
      transaction: {
        value: async (work: Parameters<Store["transaction"]>[0]) => {
          await pause(500);
          return await store.transaction(work);
        },
      },
    });
    const { net, network } = world;
    const opened = await openClient({
      store: slow,
      endpoints: [net.endpoint],
      network: { globalId: net.chain.globalId, registry: network.registry.address.toRawString() },
      mnemonic: devWallet("developer").mnemonic,
      policy: { ...GATEWAY_POLICY, ...POLICY, prewarmModels: [MODEL], refreshMs: 50 },
      log,
      clock: world.clock,
    });
    const job = (isIt: (job: JobInfo) => boolean) => async () => opened.client.jobs().find(isIt);
    try {
      const up = await until(
        "it is up for auction",
        job(({ auction }) => auction !== undefined),
      );
      await on.onChain(up.address);
      await on.passed({ ends_at: up.auction?.endsAtSeconds ?? 0 });
      await until(
        "one is opened by name",
        job(({ state }) => state === "active"),
      );
      expect(lines.filter((line) => line.includes("auction opening"))).toHaveLength(1);
    } finally {
      await opened.close();
      await store.close();
      await world.startGateway();
    }
  });

  /** Balance and newest transaction of each. */
  async function look(accounts: readonly Address[]) {
    const found = await Promise.all(accounts.map((each) => world.network.reader.account(each)));
    return found.map(({ balanceNano, last }, index) => ({
      account: accounts[index]?.toRawString() ?? "",
      balanceNano,
      lt: last.lt,
    }));
  }
  function held(accounts: Awaited<ReturnType<typeof look>>): bigint {
    return accounts.reduce((sum, { balanceNano }) => sum + balanceNano, 0n);
  }
  /** What validators took of everything that these accounts have done since. */
  async function feesSince(
    before: Awaited<ReturnType<typeof look>>,
    accounts: readonly string[],
  ): Promise<bigint> {
    let fees = 0n;
    for (const account of accounts) {
      const sinceLt = before.find((each) => each.account === account)?.lt ?? 0n;
      for (const { lt, totalFees, outMessages } of await readTransactions(world.network.reader, account)) {
        if (lt > sinceLt) {
          const forwarded = outMessages
            .values()
            .flatMap(({ info }) => (info.type === "internal" ? [info] : []));
          fees += totalFees.coins + forwarded.reduce((sum, { forwardFee }) => sum + forwardFee, 0n);
        }
      }
    }
    return fees;
  }
});
