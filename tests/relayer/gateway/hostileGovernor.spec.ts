import { Address, beginCell, type Cell, type Sender, toNano } from "@ton/core";
import { z } from "zod";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { primitives, toHex } from "../../../relayer/protocol";
import { JobEscrow, ProviderStake } from "../../../wrappers";
import { type NetworkParams, storeChangeParams, storeNetworkParams } from "../../../wrappers/messages";
import { readHistory } from "../../e2e/support/jobHistory";
import { DAY } from "../../support/world";
import { toUint } from "../support/deployNetwork";
import { walletSender } from "../support/walletSender";
import { auctionHelpers, bidByHand } from "./support/auctions";
import { jobsOf, linesOf } from "./support/jobs";
import type { Supply } from "./support/supply";
import { createWorld, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "who rules?" }];
const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }),
});
const modelSchema = z.object({ providers: z.number().optional() });
/** A claim that nobody co-signed is paid at once, and a lie costs nothing. */
const NO_WAITS = { challengeSeconds: 0n, closeSeconds: 0n, settleGraceSeconds: 0n, unbondingSeconds: 0n };
const NOTHING: Partial<NetworkParams> = { ...NO_WAITS, bondBps: 0n };
const HOUR_MS = 3_600_000;
const FEES_NANO = toNano("0.05");

describe("gateway whose network's governor takes the waits and the bond away", () => {
  let world: World;
  let second: Supply;
  let on: ReturnType<typeof auctionHelpers>;
  let sound: NetworkParams;
  let sender: Sender;

  const changeOf = (params: Partial<NetworkParams>): Cell =>
    beginCell()
      .store(
        storeChangeParams({
          $$type: "ChangeParams",
          params: beginCell()
            .store(storeNetworkParams({ ...sound, ...params }))
            .endCell(),
        }),
      )
      .endCell();
  const value = () => world.network.registry.getMinValueToGovern();
  const announce = async (...changes: readonly Partial<NetworkParams>[]) => {
    for (const change of changes) {
      const changeHash = BigInt(`0x${changeOf(change).hash().toString("hex")}`);
      await world.network.registry.send(
        sender,
        { value: await value() },
        { $$type: "QueueChange", queryId: 1n, changeHash },
      );
    }
    await world.net.chain.setTime(world.net.chain.now() + DAY + 1);
  };
  const enact = async (params: Partial<NetworkParams>) => {
    await world.network.registry.send(
      sender,
      { value: await value() },
      { $$type: "ExecuteChange", queryId: 1n, change: changeOf(params) },
    );
    const now = await world.network.registry.getNetworkParams();
    expect(now.challengeSeconds).toBe(params.challengeSeconds ?? sound.challengeSeconds);
  };
  const sync = async (supply: Supply) => {
    const stake = world.network.open(ProviderStake.fromAddress(Address.parseRaw(supply.address)));
    await stake.send(
      sender,
      { value: await stake.getMinValueToSyncParams() },
      { $$type: "SyncParams", queryId: 1n },
    );
  };
  const askOnce = () => world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 });
  const ask = async () => {
    const answer = await patient(askOnce);
    await answer.text();
    return {
      status: answer.status,
      job: answer.headers.get("cocoon-job") ?? "",
      provider: answer.headers.get("cocoon-provider"),
    };
  };
  const errorOf = async (answer: Response) => {
    const { error } = errorSchema.parse(await answer.json());
    return { status: answer.status, ...error };
  };
  const close = async (job: string) => {
    await world.post(`/v1/cocoon/jobs/${job}/close`, {});
    await until("it is gone", async () =>
      (await jobsOf(world)).every(({ address }) => address !== job) ? true : undefined,
    );
  };
  /** Waits until the gateway has read what these would accept a job under. */
  const judged = async (...refused: readonly Supply[]) => {
    world.logLines.length = 0;
    await until("their rules are refused", async () => {
      const said = linesOf(world, "provider's rules refused").map(({ provider }) => provider);
      return refused.every(({ address }) => said.includes(address)) ? true : undefined;
    });
  };
  const balance = async () => (await world.network.reader.account(devWallet("developer").v5)).balanceNano;

  beforeAll(async () => {
    world = await createWorld({ policy: { refreshMs: 300 }, hasMarket: true, blockMs: 5_000 });
    second = await world.addSupply({ words: ["the", " second"], delayMs: 0, status: 200 });
    on = auctionHelpers(world);
    sound = await world.network.registry.getNetworkParams();
    const { chain } = world.net;
    // Past the endpoint, whose faults are the gateway's.
    const direct = {
      ...world.network.reader,
      sendBoc: async (boc: Uint8Array) => void (await chain.submitExternal(Buffer.from(boc), false)),
    };
    sender = walletSender(world.net, direct, await world.network.wallet("deployer"));
    // The same twice would be one change.
    await announce(NOTHING, {}, { ...NOTHING, feeBps: 1n }, { feeBps: 2n }, { ...NOTHING, feeBps: 3n });
    // In that time every worker's attestation has ended: the first that is renewed would get the first job.
    await until("both providers' workers are attested again", async () => {
      const { providers } = modelSchema.parse(await (await world.get(`/v1/models/${MODEL}`)).json());
      return providers === 2 ? true : undefined;
    });
  });
  afterEach(() => world.net.faults.clear());
  afterAll(() => world.close());

  it("goes on with a job under the rules of its acceptance, and opens the next one elsewhere", async () => {
    const first = await ask();
    expect([first.status, first.provider]).toEqual([200, world.supply.address]);
    await enact(NOTHING);
    await sync(world.supply);
    await judged(world.supply);
    expect(await ask()).toEqual(first);

    await close(first.job);
    const next = await ask();
    expect([next.status, next.provider]).toEqual([200, second.address]);
    await close(next.job);
  });

  const openByHand = (more: object = {}) => world.post("/v1/cocoon/jobs", { model: MODEL, ...more });

  it("opens none, by name or by auction, once every provider has taken that over, and says why", async () => {
    // What it read at its start is out of date when it comes to opening.
    await on.restart({ refreshMs: HOUR_MS });
    await sync(second);
    const before = await balance();
    expect((await errorOf(await askOnce())).message).toMatch(/leastChallengeSeconds is 1800/);
    await on.restart();
    await judged(world.supply, second);
    for (const refused of [askOnce, openByHand, () => openByHand({ buy: "auction" })]) {
      const { status, code, message } = await errorOf(await refused());
      expect([status, code]).toEqual([503, "no_provider"]);
      expect(message).toMatch(/nobody co-signed waits 0 seconds, and leastChallengeSeconds is 1800/);
    }
    expect(await jobsOf(world)).toEqual([]);
    expect(await balance()).toBe(before);
  });

  it("takes up no job that was accepted under it", async () => {
    const seed = Buffer.alloc(32, 77);
    const job = await world.network.openJob({
      nonce: 7n,
      budgetNano: toNano("0.2"),
      worker: toUint(Buffer.from(world.supply.worker().receiptPublicKey, "hex")),
      sessionPublicKey: primitives.ed25519PublicKey(seed),
    });
    const address = job.address.toRawString();
    await on.onChain(address);
    const answer = await world.post("/v1/cocoon/jobs/adopt", { address, session_seed: toHex(seed) });
    const { status, code, param, message } = await errorOf(answer);
    expect([status, code, param]).toEqual([400, "bad_request", "address"]);
    expect(message).toContain("The policy refuses the job's rules: a claim that nobody co-signed waits 0 s");
    expect(await jobsOf(world)).toEqual([]);
  });

  /** Waits for the job's end, and tells what came of it. */
  const ended = async (address: string) => {
    await until("it is closing", async () =>
      linesOf(world, "job closed for its rules").some(({ job }) => job === address) ? true : undefined,
    );
    // Whoever is owed has the first turn at the end.
    await world.net.chain.setTime(world.net.chain.now() + 120);
    await until("it is gone", async () =>
      (await jobsOf(world)).every((job) => job.address !== address) ? true : undefined,
    );
    return await readHistory(world.network.reader, address);
  };

  it("closes at once, without a request, a job that was opened before and accepted after", async () => {
    await enact({});
    await sync(world.supply);
    await sync(second);
    const usual = await ask();
    expect([usual.status, usual.provider]).toEqual([200, world.supply.address]);
    await close(usual.job);

    const [before, sealed] = [await balance(), world.supply.proxy.sealed];
    // The opening is decided, and held up on its way.
    world.logLines.length = 0;
    world.net.faults.set({ kind: "http500", count: 1_000_000, value: 500, match: "sendBoc" });
    const asked = askOnce();
    const address = await until(
      "a job is being opened",
      async () => linesOf(world, "job opening").map(({ job }) => String(job))[0],
    );
    await enact({ ...NOTHING, feeBps: 1n });
    await sync(world.supply);
    await sync(second);
    world.net.faults.clear();
    expect(await errorOf(await asked)).toMatchObject({ status: 503, code: "no_provider" });

    const { closed, received } = await ended(address);
    expect(received).toContain(JobEscrow.opcodes.CloseJob);
    expect(received).not.toContain(JobEscrow.opcodes.Settle);
    expect(closed).toMatchObject({ earned: 0n, fees: 0n });
    expect(world.supply.proxy.sealed).toBe(sealed);
    expect(before - (await balance())).toBeLessThan(FEES_NANO);
  });

  it("closes one that was put up for auction before and is won after", async () => {
    await enact({ feeBps: 2n });
    await sync(world.supply);
    const before = await balance();
    const address = await on.putUp();
    const auction = await on.upForAuction();
    await on.onChain(address);
    await bidByHand(world, world.supply, { address, bps: 9_000n });
    await enact({ ...NOTHING, feeBps: 3n });
    await sync(world.supply);
    await on.passed(auction);
    const { closed, received } = await ended(address);
    expect(received).toContain(JobEscrow.opcodes.CloseJob);
    expect(closed).toMatchObject({ earned: 0n, fees: 0n });
    expect(before - (await balance())).toBeLessThan(FEES_NANO);
  });
});
