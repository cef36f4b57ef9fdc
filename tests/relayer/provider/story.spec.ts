import { cosign } from "./support/developer";
import { SECRET_ANSWER } from "./support/scriptedBackend";
import { BUDGET, createWorld, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

describe("provider, a session's life", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it("attests, serves, settles the co-signed head on chain, and ends the job after its closing", async () => {
    const job = await world.openJob(1n);
    const answer = await job.ask();
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(answer.text).toContain(SECRET_ANSWER);
    const { record } = answer;
    // 10 prompt and 20 completion tokens at the terms' prices.
    expect(record?.head.amount).toBe(2_000n + 16_000n);
    if (record === undefined) {
      throw new Error("no record");
    }
    expect(await cosign(await job.call(), record)).toEqual({ status: 200, code: undefined });
    const state = await until("the head is settled", async () => {
      const now = await job.contract.getJobState();
      return now.paid === 18_000n ? now : undefined;
    });
    expect(state).toMatchObject({ committed: 18_000n, budget: BUDGET });
    const value = (await job.contract.getMinValueToCloseJob()) + 10_000_000n;
    await job.contract.send(
      await world.network.via("developer"),
      { value },
      { $$type: "CloseJob", queryId: 1n },
    );
    await until("the job has ended and its bond is free", async () => {
      const stake = await world.network.provider.getProviderState();
      return stake.openJobs === 0n && stake.completed === 1n && stake.earned === 18_000n ? true : undefined;
    });
  });
});
