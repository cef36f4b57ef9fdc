import { beginCell } from "@ton/core";
import { z } from "zod";
import type { Policy } from "../../../relayer/client";
import { readJob } from "../../../relayer/client/readJob";
import { FinalError } from "../../../relayer/errors";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { contractCodes } from "../../../wrappers/codes";
import { JobEscrow, jobEscrow } from "../../../wrappers/JobEscrow";
import { auctionHelpers, bidByHand } from "./support/auctions";
import { createWorld, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const SECONDS = 600;
const LISTED_NANO = 5_200n;
const FAIL: Partial<Policy> = {
  refreshMs: 300,
  buy: "auction",
  auction: { seconds: SECONDS, ceilings: {}, ifNobodyBids: "fail", againSeconds: 3_600 },
};
const { OpenAuction, AwardJob, CancelJob } = JobEscrow.opcodes;

/** Nobody bids or awards here but by hand, so that the gateway's own part is seen. */
describe("gateway that is stopped while it buys by auction", () => {
  let world: World;
  let on: ReturnType<typeof auctionHelpers>;
  beforeAll(async () => {
    world = await createWorld({ policy: FAIL, hasMarket: true, blockMs: 5_000 });
    on = auctionHelpers(world);
  });
  afterAll(() => world.close());

  const bonded = async () => (await world.network.provider.getProviderState()).bonded;

  it("is refused while nobody has won, and loses nothing by stopping before and after the auction's end", async () => {
    const address = await on.putUp();
    // Nothing has been sent yet.
    await on.restart();
    const auction = await on.upForAuction();
    expect(auction.address).toBe(address);
    const refused = await on.askOnce();
    expect([refused.status, await errorOf(refused)]).toEqual([503, "no_bid"]);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(SECONDS - 120);
    expect(wait).toBeLessThanOrEqual(SECONDS + 10);
    await on.onChain(address);
    await bidByHand(world, world.supply, { address, bps: 7_000n });
    await on.upForAuction((bps) => bps === 7_000);
    await world.gateway.close();
    await on.passed(auction);
    expect((await on.jobAt(address).getJobState()).state).toBe(1n);
    await world.startGateway();
    await on.active(address);
    const answer = await on.ask();
    expect([answer.headers.get("cocoon-job"), (await on.answerOf(answer)).costNano]).toEqual([
      address,
      (LISTED_NANO * 7n) / 10n,
    ]);
    const received = await on.received(address);
    expect(received.filter((opcode) => opcode === OpenAuction)).toHaveLength(1);
    expect(received.filter((opcode) => opcode === AwardJob)).toHaveLength(1);
    expect(await on.jobs()).toHaveLength(1);
  });

  it("takes up what somebody else has awarded while it was away, and awards it no second time", async () => {
    const store = { store: `file:${world.folder}/award` };
    await on.restart({}, store);
    const address = await on.putUp();
    const auction = await on.upForAuction();
    await on.onChain(address);
    await bidByHand(world, world.supply, { address, bps: 6_000n });
    await world.gateway.close();
    await on.passed(auction);
    const job = on.jobAt(address);
    await job.send(
      await world.network.via("spare3"),
      { value: await job.getMinValueToAwardJob() },
      { $$type: "AwardJob", queryId: 1n },
    );
    await world.startGateway({}, store);
    await on.active(address);
    const answer = await on.ask();
    expect((await on.answerOf(answer)).costNano).toBe((LISTED_NANO * 6n) / 10n);
    expect((await on.received(address)).filter((opcode) => opcode === AwardJob)).toHaveLength(1);
  });

  it("is not stopped by an award that comes before its own", async () => {
    await on.restart({}, { store: `file:${world.folder}/race` });
    const address = await on.putUp();
    const auction = await on.upForAuction();
    await on.onChain(address);
    await bidByHand(world, world.supply, { address, bps: 5_000n });
    const job = on.jobAt(address);
    const value = await job.getMinValueToAwardJob();
    const stranger = await world.network.via("spare3");
    await on.passed(auction);
    await job.send(stranger, { value }, { $$type: "AwardJob", queryId: 1n });
    await on.active(address);
    expect((await on.answerOf(await on.ask())).costNano).toBe(LISTED_NANO / 2n);
  });

  it("gives up an auction when it is told to, and the best bidder has its bond back", async () => {
    await on.restart({}, { store: `file:${world.folder}/close` });
    const before = await bonded();
    const address = await on.putUp();
    await on.onChain(address);
    await bidByHand(world, world.supply, { address, bps: 5_000n });
    expect(await bonded()).toBeGreaterThan(before);
    const close = () => world.post(`/v1/cocoon/jobs/${address}/close`, {});
    expect(await (await close()).json()).toMatchObject({ address, state: "withdrawn", provider: null });
    await until("it is gone", async () => ((await on.jobs()).length === 0 ? true : undefined));
    await world.net.chain.settle();
    expect(await on.received(address)).toContain(CancelJob);
    expect(await bonded()).toBe(before);
  });

  it("gives up what it has put up when it is told so before anything was sent", async () => {
    await on.restart({}, { store: `file:${world.folder}/early` });
    const address = await on.putUp();
    await world.post(`/v1/cocoon/jobs/${address}/close`, {});
    await until("it is gone", async () => ((await on.jobs()).length === 0 ? true : undefined));
    await world.net.chain.settle();
    expect(await on.received(address)).toContain(CancelJob);
    expect((await world.network.reader.account(on.jobAt(address).address)).balanceNano).toBe(0n);
  });

  it("seals nothing to a winner whose evidence does not hold, ends its job, and buys by name", async () => {
    const said = { words: ["never"], delayMs: 0, status: 200 };
    const second = await world.addSupply(said);
    const auction = { ...FAIL.auction, seconds: SECONDS, ceilings: {}, againSeconds: 3_600 };
    await on.restart(
      { auction: { ...auction, ifNobodyBids: "named" }, openWaitMs: 10_000, releaseWaitMs: 0 },
      {
        store: `file:${world.folder}/evil`,
        verifyEvidence: async ({ worker }) => {
          if (worker.provider === second.address) {
            throw new FinalError("ATTESTATION_REFUSED", "It is not what it says.");
          }
        },
      },
    );
    const address = await on.putUp();
    const up = await on.upForAuction();
    await on.onChain(address);
    await bidByHand(world, second, { address, bps: 1n });
    await on.passed(up);
    const job = on.jobAt(address);
    await until("it is awarded", async () => ((await job.getJobState()).state === 3n ? true : undefined));
    await until("the winner is judged", async () => (logged("worker refused") ? true : undefined));
    expect((await on.jobs())[0]?.state).toBe("auction");
    await world.net.chain.setTime(world.net.chain.now() + 11);
    await until("it is being closed", async () =>
      (await job.getJobState()).state === 4n ? true : undefined,
    );
    const answer = await on.ask();
    expect(answer.headers.get("cocoon-provider")).toBe(world.supply.address);
    expect((await on.answerOf(answer)).costNano).toBe(LISTED_NANO);
    expect(second.proxy.sealed).toBe(0);
  });

  it("takes a contract whose opening was refused for none", async () => {
    const { network } = world;
    const stranger = await network.via("spare3");
    const { provider } = await contractCodes();
    const job = network.open(
      await jobEscrow({
        registry: network.registry.address,
        developer: devWallet("spare3").v5,
        nonce: 1n,
        providerCode: provider,
      }),
    );
    const value = 10_000_000n + (await network.registry.getMinValueToOpenAuction());
    const past = { budget: 10_000_000n, endsAt: 1n, acceptBy: 2n, deadline: 3n };
    const body = { ...past, queryId: 1n, sessionPublicKey: 1n, service: beginCell().endCell() };
    await job.send(stranger, { value }, { $$type: "OpenAuction", ...body });
    expect((await network.reader.account(job.address)).state).toBe("active");
    const address = job.address.toRawString();
    expect(await readJob({ reader: network.reader }, { address })).toEqual({ state: "absent" });
  });

  const logged = (msg: string) => world.logLines.some((line) => line.includes(`"msg":"${msg}"`));
  async function errorOf(answer: Response): Promise<string> {
    return z.object({ error: z.object({ code: z.string() }) }).parse(await answer.json()).error.code;
  }
});
