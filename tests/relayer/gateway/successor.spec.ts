import { Address } from "@ton/core";
import { webhookSink } from "../../../relayer/alerts";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { JobEscrow } from "../../../wrappers";
import { readHistory } from "../../e2e/support/jobHistory";
import { startReceiver } from "../alerts/receiver";
import { PRICES } from "../support/deployNetwork";
import { jobsOf, linesOf, metricOf } from "./support/jobs";
import { createWorld, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "who comes after you?" }];
const HOUR = 3_600;
const FOLLOW_SECONDS = 600;
/** From here on a job takes no new request. */
const LEAST_LIFE = 180;
const UNFOLLOWED = "cocoon_gateway_jobs_unfollowed";

/** The list prices, divided. */
function parts(count: bigint): typeof PRICES {
  const { prompt, cached, completion, reasoning } = PRICES;
  return {
    $$type: "Prices",
    prompt: prompt / count,
    cached: cached / count,
    completion: completion / count,
    reasoning: reasoning / count,
  };
}

describe("gateway, and the jobs that follow those in use", () => {
  let world: World;
  beforeAll(async () => {
    const policy = { refreshMs: 300, jobSeconds: HOUR, followSeconds: FOLLOW_SECONDS };
    world = await createWorld({ policy, blockMs: 5_000 });
  });
  afterAll(() => world.close());
  afterEach(() => {
    world.net.faults.clear();
    world.supply.proxy.reply = undefined;
  });

  const ask = () =>
    patient(() => world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 }));
  /** The job that answered. */
  const asked = async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    return answer.headers.get("cocoon-job") ?? "";
  };
  const jumpTo = (seconds: number) => world.net.chain.setTime(seconds);
  const deadlineOf = async (address: string) =>
    (await jobsOf(world)).find((job) => job.address === address)?.deadline ?? 0;
  /** The first job of a gateway that knows none. */
  const begin = async (name: string, ...[policy, options]: Parameters<World["startGateway"]>) => {
    await world.gateway.close();
    world.logLines.length = 0;
    await world.startGateway(policy, { store: `file:${world.folder}/${name}`, ...options });
    const first = await asked();
    return { first, deadline: await deadlineOf(first) };
  };
  const successorOf = (address: string, state = "active") =>
    until(`it has a successor that is ${state}`, async () =>
      (await jobsOf(world)).find((job) => job.follows === address && job.state === state),
    );
  const followed = () =>
    until("the successor is ready", async () =>
      linesOf(world, "job followed").length > 0 ? true : undefined,
    );
  const openings = () => linesOf(world, "job opening").length;
  /** The gateway has read its providers so often from now on, and looked at its jobs meanwhile. */
  const rounds = async (count: number) => {
    let read = 0;
    world.supply.proxy.reply = (path) => {
      read += Number(path === "/v1/workers");
      return undefined;
    };
    await until("it has looked around", async () => (read >= count ? true : undefined));
  };

  it("has the next job ready before the deadline, serves from the old one until then, and lets that go", async () => {
    const { first, deadline } = await begin("deadline");
    // Long before the end nothing is bought.
    await jumpTo(deadline - LEAST_LIFE - FOLLOW_SECONDS - 60);
    expect(await asked()).toBe(first);
    await rounds(3);
    expect(openings()).toBe(1);

    await jumpTo(deadline - LEAST_LIFE - FOLLOW_SECONDS);
    const next = await successorOf(first);
    await followed();
    expect(await asked()).toBe(first);
    await rounds(3);
    expect(openings()).toBe(2);
    expect(await metricOf(world, UNFOLLOWED)).toBe(0);

    await jumpTo(deadline - LEAST_LIFE);
    // Without any patience: it is not noticed.
    const answer = await world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 });
    expect([answer.status, answer.headers.get("cocoon-job")]).toEqual([200, next.address]);
    expect(openings()).toBe(2);

    await jumpTo(deadline + 1);
    await until("the old one is gone", async () =>
      (await jobsOf(world)).every(({ address }) => address !== first) ? true : undefined,
    );
    const { received, closed, settled } = await readHistory(world.network.reader, first);
    expect(received).toContain(JobEscrow.opcodes.ReleaseJob);
    expect(received).not.toContain(JobEscrow.opcodes.CloseJob);
    expect(settled.length).toBeGreaterThan(0);
    expect(closed?.earned).toBe(settled.reduce((sum, { paid }) => sum + paid, 0n));
    expect(await asked()).toBe(next.address);
    expect(await jobsOf(world)).toHaveLength(1);
  });

  it("buys none for a job that nobody asks, not after a restart either", async () => {
    const { first, deadline } = await begin("idle");
    await jumpTo(deadline - LEAST_LIFE - 60);
    await rounds(3);
    await world.gateway.close();
    await world.startGateway({}, { store: `file:${world.folder}/idle` });
    await rounds(3);
    expect(await jobsOf(world)).toMatchObject([{ address: first, state: "active" }]);
    expect(openings()).toBe(1);
    await jumpTo(deadline + 1);
    await until("it is gone", async () => ((await jobsOf(world)).length === 0 ? true : undefined));
    expect(openings()).toBe(1);
  });

  it("buys none where the policy says so", async () => {
    const { first, deadline } = await begin("never", { followSeconds: 0 });
    await jumpTo(deadline - LEAST_LIFE - 60);
    expect(await asked()).toBe(first);
    await rounds(3);
    expect(openings()).toBe(1);
  });

  it("keeps one ready for a model that shall be warm, though nobody asks", async () => {
    const { first, deadline } = await begin("warm", { prewarmModels: [MODEL] });
    await jumpTo(deadline - LEAST_LIFE - 60);
    const next = await successorOf(first);
    await followed();
    await rounds(3);
    expect(openings()).toBe(2);
    await jumpTo(deadline - LEAST_LIFE);
    expect(await asked()).toBe(next.address);
  });

  it("goes on after a restart with the job that it was opening", async () => {
    const { first, deadline } = await begin("restart");
    await jumpTo(deadline - LEAST_LIFE - 300);
    // The chain is read, but takes nothing.
    world.net.faults.set({ kind: "http500", count: 1_000_000, value: 500, match: "sendBoc" });
    expect(await asked()).toBe(first);
    const next = await successorOf(first, "opening");
    expect(await metricOf(world, UNFOLLOWED)).toBe(1);
    await world.gateway.close();
    await world.startGateway({}, { store: `file:${world.folder}/restart` });
    expect(await asked()).toBe(first);
    world.net.faults.clear();
    expect((await successorOf(first)).address).toBe(next.address);
    await until("all is well", async () => ((await metricOf(world, UNFOLLOWED)) === 0 ? true : undefined));
    await jumpTo(deadline - LEAST_LIFE);
    expect(await asked()).toBe(next.address);
    expect(openings()).toBe(1 + 1);
    const { received } = await readHistory(world.network.reader, next.address);
    expect(received.filter((opcode) => opcode === JobEscrow.opcodes.OpenJob)).toHaveLength(1);
  });

  it("tells the operator when no successor can be bought for a minute, and when it is over", async () => {
    const receiver = await startReceiver();
    const alertSinks = [webhookSink(`${receiver.url}/hook`)];
    const { first, deadline } = await begin("alert", {}, { alertSinks, watchMs: 1 });
    const told = async (status: string) =>
      until(`it is ${status}`, async () =>
        receiver.received.find(({ body }) => body.key === "successor" && body.status === status),
      );
    await jumpTo(deadline - LEAST_LIFE - 500);
    world.net.faults.set({ kind: "http500", count: 1_000_000, value: 500, match: "" });
    expect(await asked()).toBe(first);
    await until("it has failed", async () => linesOf(world, "job not followed yet")[0]);
    // It has been seen by then, and has not stood for long.
    expect(await asked()).toBe(first);
    expect(receiver.received).toEqual([]);
    await jumpTo(world.net.chain.now() + 60);
    expect((await told("firing")).body).toMatchObject({
      severity: "warning",
      summary: "1 job in use will end soon, and no other follows",
      source: devWallet("developer").v5.toRawString(),
    });
    world.net.faults.clear();
    await jumpTo(world.net.chain.now() + 30);
    await successorOf(first);
    await until("all is well", async () => ((await metricOf(world, UNFOLLOWED)) === 0 ? true : undefined));
    await asked();
    await jumpTo(world.net.chain.now() + 61);
    await told("resolved");
    await receiver.close();
  });

  it("serves from the old job while the chain is away, tries ever more rarely, says so, and buys one in the end", async () => {
    const { first, deadline } = await begin("cut");
    await jumpTo(deadline - LEAST_LIFE - 400);
    world.net.faults.set({ kind: "http500", count: 1_000_000, value: 500, match: "" });
    const failures = () => linesOf(world, "job not followed yet");
    for (const [index, waitMs] of [5_000, 10_000, 20_000, 40_000].entries()) {
      expect(await asked()).toBe(first);
      const line = await until("it says that it has failed", async () => failures()[index]);
      expect(line).toMatchObject({ job: first, model: MODEL, againInMs: waitMs });
      expect(line.code).toMatch(/^CHAIN_/);
      // A second less is too early.
      await jumpTo(world.net.chain.now() + waitMs / 1_000 - 1);
      expect(await asked()).toBe(first);
      expect(failures()).toHaveLength(index + 1);
      await jumpTo(world.net.chain.now() + 1);
    }
    expect(await metricOf(world, UNFOLLOWED)).toBe(1);
    expect(await jobsOf(world)).toHaveLength(1);
    world.net.faults.clear();
    await jumpTo(world.net.chain.now() + 80);
    const next = await successorOf(first);
    await until("all is well", async () => ((await metricOf(world, UNFOLLOWED)) === 0 ? true : undefined));
    await jumpTo(deadline - LEAST_LIFE);
    expect(await asked()).toBe(next.address);
  });

  it("buys it from whoever is the best then, and keeps the old one's prices until its end", async () => {
    const { first, deadline } = await begin("better");
    const said = { words: ["the", " other"], delayMs: 0, status: 200 };
    const other = await world.addSupply(said, parts(10n));
    await until("the other one is known", async () =>
      (await metricOf(world, "cocoon_gateway_providers")) === 2 ? true : undefined,
    );
    await jumpTo(deadline - LEAST_LIFE - 300);
    expect(await asked()).toBe(first);
    const next = await successorOf(first);
    expect(next.provider).toBe(other.address);
    await followed();
    await jumpTo(deadline - LEAST_LIFE);
    expect(await asked()).toBe(next.address);
    await jumpTo(deadline + 1);
    await until("the old one is gone", async () =>
      (await world.network.reader.account(Address.parseRaw(first))).state === "active" ? undefined : true,
    );
    await other.close();
  });
});
