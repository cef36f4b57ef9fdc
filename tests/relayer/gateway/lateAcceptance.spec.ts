import { Address, Cell, type Sender } from "@ton/core";
import { JobEscrow } from "../../../wrappers";
import { loadProviderCatalog } from "../../../wrappers/messages";
import { walletSender } from "../support/walletSender";
import { jobsOf } from "./support/jobs";
import { createWorld, MODEL, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

const OPEN = 1n;
const ACTIVE = 3n;
const messages = [{ role: "user" as const, content: "who accepts?" }];

describe("gateway whose job is accepted after it was refused", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ policy: { refreshMs: 3_000 } });
  });
  afterAll(async () => {
    world.net.faults.clear();
    await world.close();
  });
  async function raisePrice(operator: Sender): Promise<void> {
    const { provider } = world.network;
    const cell = await provider.getCatalog();
    const { offers, profile, maxOpenJobs } = loadProviderCatalog((cell ?? Cell.EMPTY).beginParse());
    for (const model of offers.keys()) {
      const offer = offers.get(model);
      if (offer !== undefined) {
        offers.set(model, { ...offer, prices: { ...offer.prices, prompt: 2n * offer.prices.prompt } });
      }
    }
    await provider.send(
      operator,
      { value: (await provider.getMinValueToSetCatalog()) + 10_000_000n },
      { $$type: "SetOffers", queryId: 1n, maxOpenJobs, offers, profile },
    );
  }
  const ask = () => world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 });

  it("takes it up when the operator's word comes before the cancellation, and locks no money away", async () => {
    const { network, net } = world;
    // Past the endpoint, whose faults are the gateway's.
    const direct = {
      ...network.reader,
      sendBoc: async (boc: Uint8Array) => void (await net.chain.submitExternal(Buffer.from(boc), false)),
    };
    const operator = walletSender(net, direct, await network.wallet("operator"));
    // The gateway looks for new prices ever so often, and offers the old one until then.
    await raisePrice(operator);
    const asked = ask();
    const address = await until("the job is refused", async () => {
      const [job] = await jobsOf(world);
      const opened = job && network.open(JobEscrow.fromAddress(Address.parseRaw(job.address)));
      const state = await opened?.getJobState().catch(() => undefined);
      return state?.state === OPEN ? job?.address : undefined;
    });
    net.faults.set({ kind: "http500", count: 1_000_000, value: 500, match: "sendBoc" });
    const job = network.open(JobEscrow.fromAddress(Address.parseRaw(address)));
    await until("the gateway gives it up", async () =>
      (await jobsOf(world)).some(({ state }) => state === "refused") ? true : undefined,
    );
    await job.send(
      operator,
      { value: (await job.getMinValueToRequestAcceptance()) + 10_000_000n },
      { $$type: "RequestAcceptance", queryId: 1n, worker: 0n },
    );
    expect((await job.getJobState()).state).toBe(ACTIVE);
    net.faults.clear();
    await until("the gateway has taken it up", async () =>
      (await jobsOf(world)).some((held) => held.address === address && held.state === "active")
        ? true
        : undefined,
    );
    expect((await asked).status).toBe(503);
  });
});
