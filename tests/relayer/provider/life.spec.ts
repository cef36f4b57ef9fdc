import type { OpenedContract } from "@ton/core";
import { decodeEvent, type JobEscrow } from "../../../wrappers";
import { type Answer, cosign } from "./support/developer";
import { BUDGET, createWorld, type OpenJob, until, type World } from "./support/world";

const recordOf = (answer: Answer) => {
  if (answer.record === undefined || !answer.complete) {
    throw new Error(`The request failed: ${answer.code ?? "cut off"}`);
  }
  return answer.record;
};

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

describe("provider, jobs over time", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ capacity: 2 });
  });
  afterAll(() => world.close());

  const paid = async (job: OpenJob, amount: bigint) =>
    until(`${amount} is paid`, async () =>
      (await job.contract.getJobState()).paid === amount ? true : undefined,
    );
  const settlements = async (contract: OpenedContract<JobEscrow>) => {
    const { last } = await world.network.reader.account(contract.address);
    const transactions = await world.network.reader.transactions(contract.address, last, 0n);
    return transactions.flatMap((transaction) =>
      transaction.outMessages
        .values()
        .flatMap(({ info, body }) => (info.type === "external-out" ? [decodeEvent(body)] : []))
        .filter((event) => event?.$$type === "HeadSettledEvent"),
    );
  };
  const closeJob = async (job: OpenJob) => {
    const value = (await job.contract.getMinValueToCloseJob()) + 10_000_000n;
    await job.contract.send(
      await world.network.via("developer"),
      { value },
      { $$type: "CloseJob", queryId: 1n },
    );
  };

  it("lets a top-up be spent at once", async () => {
    const job = await world.openJob(1n, { budgetNano: 1_000_000n });
    expect(await job.ask({ maxCostNano: 2_000_000n })).toMatchObject({ code: "INSUFFICIENT_FUNDS" });
    const value = 5_000_000n + (await job.contract.getMinValueToTopUpJob()) + 10_000_000n;
    const topUp = { $$type: "TopUpJob", queryId: 1n, amount: 5_000_000n } as const;
    await job.contract.send(await world.network.via("developer"), { value }, topUp);
    await until("the larger budget serves", async () => {
      const answer = await job.ask({ maxCostNano: 2_000_000n });
      return answer.complete ? true : undefined;
    });
  });

  it("settles once what was earned before a restart, by a fresh process on the same store", async () => {
    await world.provider.close();
    await world.startProvider({ settleMinNano: 10n ** 18n });
    const job = await world.openJob(2n);
    await job.ask();
    const record = recordOf(await job.ask());
    expect(await cosign(await job.call(), record)).toMatchObject({ status: 200 });
    await world.provider.close();
    // Cut twice on the way: after the message is queued, and after it is sent.
    for (let restart = 0; restart < 2; restart++) {
      await world.startProvider();
      await new Promise((resolve) => setTimeout(resolve, 400 * restart + 150));
      await world.provider.close();
    }
    await world.startProvider();
    await paid(job, 36_000n);
    expect(await settlements(job.contract)).toHaveLength(1);
    const again = await until("the job is served again", async () => {
      const answer = await job.ask();
      return answer.complete ? answer : undefined;
    });
    expect(recordOf(again).leaf.index).toBe(2);
  });

  it("gives a restarted worker a new lane, and still settles the dead one's head", async () => {
    const job = await world.openJob(3n);
    const first = recordOf(await job.ask());
    const before = world.worker.receiptPublicKey;
    await world.restartWorker();
    const second = await until("the new key serves", async () => {
      const answer = await job.ask();
      return answer.complete ? recordOf(answer) : undefined;
    });
    expect(second.worker).not.toBe(before);
    expect(second.leaf.index).toBe(0);
    const call = await job.call();
    expect(await cosign(call, first)).toMatchObject({ status: 200 });
    expect(await cosign(call, second)).toMatchObject({ status: 200 });
    await paid(job, 36_000n);
  });

  it("stops: what runs ends, what waits for a place is handed back at once, what comes finds nobody", async () => {
    await world.provider.close();
    await world.startProvider({ stopMs: 60_000 });
    const job = await world.openJob(5n);
    const atWorker = (field: "inFlight" | "queued") =>
      until(`two are ${field}`, async () =>
        world.provider.workers.list()[0]?.[field] === 2 ? true : undefined,
      );
    Object.assign(world.script, { chunks: 1_000_000, delayMs: 20 });
    const running = [job.ask(), job.ask()];
    await atWorker("inFlight");
    const waiting = [job.ask(), job.ask()];
    await atWorker("queued");
    const closed = world.provider.close();
    for (const answer of await Promise.all(waiting)) {
      expect(answer).toMatchObject({ status: 503, code: "SHUTTING_DOWN" });
    }
    Object.assign(world.script, { chunks: 3, delayMs: 0 });
    for (const answer of await Promise.all(running)) {
      expect(answer).toMatchObject({ status: 200, complete: true });
    }
    await closed;
    await expect(job.ask()).rejects.toThrow("ECONNREFUSED");
    await world.startProvider();
  });

  it("claims without a co-signature in a closing job, waits for it to mature, and ends the job paid in full", async () => {
    const job = await world.openJob(4n);
    let earned = recordOf(await job.ask()).head.amount;
    await closeJob(job);
    // Until the relayer has seen the close it goes on serving, and is owed for that too.
    const refused = await until("it refuses", async () => {
      const answer = await job.ask();
      earned = answer.record?.head.amount ?? earned;
      return answer.complete ? undefined : answer.code;
    });
    expect(refused).toBe("JOB_NOT_ACTIVE");
    await until("the claim waits on chain", async () => {
      await world.net.chain.setTime(world.net.chain.now() + 1);
      const { committed, paid: now } = await job.contract.getJobState();
      return committed === earned && now === 0n ? true : undefined;
    });
    const before = (await world.network.provider.getProviderState()).earned;
    await world.net.chain.setTime(world.net.chain.now() + 86_400);
    await until("the job has ended", async () => {
      const now = (await world.network.provider.getProviderState()).earned;
      return now === before + earned ? true : undefined;
    });
  });
});

describe("provider, acceptance and outages", () => {
  let world: World;
  beforeAll(async () => {
    const floorPrices = { promptPrice: 1n, cachedPrice: 1n, completionPrice: 1n, reasoningPrice: 1n };
    world = await createWorld({ policy: { floorPrices }, start: false });
  });
  afterAll(() => world.close());

  it("starts while the chain's endpoint fails, and serves once it answers", async () => {
    world.net.faults.set({ kind: "http429", count: 12, value: 429, match: "" });
    await world.startProvider({ chainTimeoutMs: 1_000 });
    const job = await world.openJob(1n);
    world.net.faults.set({ kind: "http500", count: 60, value: 500, match: "" });
    const answer = await job.ask();
    expect(answer.complete).toBe(true);
    if (answer.record === undefined) {
      throw new Error("no record");
    }
    await cosign(await job.call(), answer.record);
    world.net.faults.clear();
    await until("it is settled", async () =>
      (await job.contract.getJobState()).paid === 18_000n ? true : undefined,
    );
  });

  it("accepts a job below its price list when it pays the policy's floor", async () => {
    const contract = await world.network.openJob({
      nonce: 9n,
      budgetNano: BUDGET,
      worker: 0n,
      sessionPublicKey: Buffer.alloc(32, 5),
      prices: { $$type: "Prices", prompt: 5n, cached: 5n, completion: 5n, reasoning: 5n },
    });
    await until("the job is active", async () =>
      (await contract.getJobState()).state === 3n ? true : undefined,
    );
    expect((await contract.getLanes()).size).toBe(1);
  });

  it("expires a job whose deadline has passed and ends it without its developer", async () => {
    const job = await world.openJob(10n, { deadline: world.net.chain.now() + 4_000 });
    const { completed } = await world.network.provider.getProviderState();
    await world.net.chain.setTime(world.net.chain.now() + 5_000);
    await until("the job has ended", async () =>
      (await world.network.provider.getProviderState()).completed === completed + 1n ? true : undefined,
    );
    await until("its relayer has seen it end", async () =>
      (await job.ask()).code === "JOB_NOT_ACTIVE" ? true : undefined,
    );
  });
});
