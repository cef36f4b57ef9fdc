import { z } from "zod";
import { DEFAULT_POLICY, type Policy, parseReceiptFile } from "../../../relayer/client";
import { decodeLeaf, fromBase64 } from "../../../relayer/protocol";
import type { Script } from "./support/chatBackend";
import type { Supply } from "./support/supply";
import { createWorld, MODEL, patient, until, untilCosigned, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "who is first?" }];
/** Long for what the test network needs to begin an answer, short against a slow worker's wait. */
const HEDGE_MS = 1_500;
const SLOW_MS = 20_000;
/** 10 tokens read and 4 written, at the first provider; the second asks twice as much and writes 2. */
const FIRST_NANO = 5_200n;
const SECOND_NANO = 7_200n;
/** 10 tokens read at the first. */
const PROMPT_NANO = 2_000n;
const jobsSchema = z.object({
  data: z.array(z.object({ provider: z.string(), spent_nano: z.string(), state: z.string() })),
});

describe("gateway, when the first byte of a stream is late", () => {
  let world: World;
  let second: Supply;
  const secondScript: Script = { words: ["the", " second"], delayMs: 0, status: 200 };
  beforeAll(async () => {
    world = await createWorld({ settleMinNano: 10n ** 18n });
    second = await world.addSupply(secondScript);
    await restart({});
  });
  afterAll(() => world.close());
  afterEach(() => {
    Object.assign(world.script, { status: 200, startMs: 0 });
    Object.assign(secondScript, { status: 200, startMs: 0 });
    Object.assign(world.supply.proxy, { reply: undefined, tamper: undefined });
  });

  /** The price alone decides who is first. */
  async function restart(policy: Partial<Policy>): Promise<void> {
    const choice = { ...DEFAULT_POLICY.choice, success: 0, firstByte: 0, throughput: 0, stickiness: 0 };
    await world.gateway.close();
    await world.startGateway({ refreshMs: 3_600_000, choice, cooldownMs: 1, firstByteMs: 60_000, ...policy });
  }
  const ask = (more: object = {}) =>
    world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20, stream: true, ...more });
  const jobs = async () => jobsSchema.parse(await (await world.get("/v1/cocoon/jobs")).json()).data;
  const spentAt = async ({ address }: Supply) =>
    (await jobs())
      .filter((job) => job.provider === address)
      .reduce((sum, job) => sum + BigInt(job.spent_nano), 0n);
  const spent = async () => [await spentAt(world.supply), await spentAt(second)] as const;
  const sealed = () => [world.supply.proxy.sealed, second.proxy.sealed];
  const providerOf = (answer: Response) => answer.headers.get("cocoon-provider");
  const inFlight = async () =>
    z.object({ inFlight: z.number() }).parse(await (await world.get("/healthz")).json()).inFlight;
  /** Failures are forgotten by the chain's clock. */
  const forget = () => world.net.chain.setTime(world.net.chain.now() + 1);
  /** Waits until nothing is set aside any more: each receipt has come, by itself or because it was asked for. */
  async function settled(): Promise<void> {
    const free = z.object({
      data: z.array(z.object({ budget_nano: z.string(), spent_nano: z.string(), free_nano: z.string() })),
    });
    await until("every call is booked", async () => {
      const { data } = free.parse(await (await world.get("/v1/cocoon/jobs")).json());
      const isFree = data.every(
        (job) => BigInt(job.budget_nano) - BigInt(job.spent_nano) === BigInt(job.free_nano),
      );
      return isFree && (await inFlight()) === 0 ? true : undefined;
    });
  }

  it("asks nobody else unless the policy says so", async () => {
    await patient(ask);
    world.script.startMs = HEDGE_MS + 500;
    world.script.words = ["late"];
    const [, before] = sealed();
    const answer = await ask();
    expect([providerOf(answer), await answer.text()]).toEqual([
      world.supply.address,
      expect.stringContaining("late"),
    ]);
    expect(sealed()[1]).toBe(before);
    world.script.words = ["Hello", " from", " the", " enclave"];
  });

  it("asks nobody with whom no job is open, and opens none", async () => {
    await restart({ hedgeAfterMs: 300 });
    world.script.startMs = 500;
    const answer = await ask();
    expect(providerOf(answer)).toBe(world.supply.address);
    await answer.text();
    expect((await jobs()).map(({ provider }) => provider)).toEqual([world.supply.address]);
  });

  it("takes the second provider's answer, stops the first, and pays that one for no more than the prompt", async () => {
    await restart({ hedgeAfterMs: HEDGE_MS });
    await until("a job with the second is open", async () => {
      const opened = await world.post("/v1/cocoon/jobs", { model: MODEL, provider: second.address });
      return opened.status === 201 ? true : undefined;
    });
    // Both have a job whose worker knows it.
    world.supply.proxy.reply = (path) => (path === "/v1/sealed" ? "break" : undefined);
    expect(providerOf(await patient(ask))).toBe(second.address);
    world.supply.proxy.reply = undefined;
    await forget();
    await settled();

    world.script.startMs = SLOW_MS;
    // On a busy machine the second may be asked, and be faster, before the first has got the request at all.
    const before = await until("both are asked", async () => {
      const [money, runs, startedMs] = [await spent(), world.script.runs, performance.now()];
      const answer = await ask();
      const text = await answer.text();
      expect(performance.now() - startedMs).toBeLessThan(SLOW_MS);
      expect([providerOf(answer), text]).toEqual([second.address, expect.stringContaining("second")]);
      expect(text).toContain("[DONE]");
      await settled();
      return world.script.runs === runs ? undefined : money;
    });
    world.script.startMs = 0;
    const after = await spent();
    expect(after[1] - before[1]).toBe(SECOND_NANO);
    expect(after[0] - before[0]).toBe(PROMPT_NANO);
  });

  it("has a receipt of what was stopped, and co-signs on after it", async () => {
    const list = z.object({ data: z.array(z.object({ status: z.string(), receipt: z.unknown() })) });
    // Money is reckoned at once, the call's row is written a little later.
    const stopped = await until("the stopped call is listed", async () => {
      const { data } = list.parse(await (await world.get("/v1/receipts?limit=50")).json());
      return data.find(({ status }) => status === "stopped");
    });
    const file = parseReceiptFile(JSON.stringify(stopped.receipt));
    expect(file.provider).toBe(world.supply.address);
    expect(decodeLeaf(fromBase64(file.leaf))).toMatchObject({ status: "stopped" });
    const cosigned = await untilCosigned(async () => {
      const next = await ask();
      await next.text();
      return async () => await (await world.get(`/v1/receipts/${next.headers.get("cocoon-receipt")}`)).text();
    });
    expect(cosigned.provider).toBe(world.supply.address);
  });

  it("leaves the second alone while the first begins in time, and pays one answer", async () => {
    await restart({ hedgeAfterMs: 60_000 });
    await settled();
    const [before, [, asked]] = [await spent(), sealed()];
    const answer = await patient(ask);
    await answer.text();
    await settled();
    const after = await spent();
    expect([providerOf(answer), sealed()[1]]).toEqual([world.supply.address, asked]);
    expect([after[0] - before[0], after[1] - before[1]]).toEqual([FIRST_NANO, 0n]);
    await restart({ hedgeAfterMs: HEDGE_MS });
  });

  it("takes the first one's answer when that begins before the second's, and stops the second", async () => {
    const before = await spent();
    world.script.startMs = HEDGE_MS + 1_500;
    secondScript.startMs = SLOW_MS;
    const answer = await ask();
    expect([providerOf(answer), await answer.text()]).toEqual([
      world.supply.address,
      expect.stringContaining("Hello"),
    ]);
    await settled();
    const after = await spent();
    expect(after[0] - before[0]).toBe(FIRST_NANO);
    expect([0n, 4_000n]).toContain(after[1] - before[1]);
  });

  it("waits for the first when the second refuses, and for the second when the first breaks", async () => {
    world.script.startMs = HEDGE_MS + 1_500;
    secondScript.status = 503;
    const one = await ask();
    expect([providerOf(one), await one.text()]).toEqual([
      world.supply.address,
      expect.stringContaining("Hello"),
    ]);
    await forget();
    Object.assign(secondScript, { status: 200, startMs: 6_000 });
    world.supply.proxy.tamper = (frame, index) => (index === 0 ? "break" : frame.bytes);
    const other = await ask();
    expect([providerOf(other), await other.text()]).toEqual([
      second.address,
      expect.stringContaining("second"),
    ]);
    world.supply.proxy.tamper = undefined;
    await forget();
  });

  it("does not ask twice for an answer that is not streamed: its first byte is its last", async () => {
    await restart({ hedgeAfterMs: 300 });
    const [, asked] = sealed();
    world.script.startMs = 300;
    const answer = await patient(() => ask({ stream: false }));
    expect([providerOf(answer), answer.status]).toEqual([world.supply.address, 200]);
    expect(sealed()[1]).toBe(asked);
  });

  it("does not ask twice where both answers could cost more than the caller allows", async () => {
    const limited = (nano: bigint) =>
      fetch(`${world.gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: "Bearer sk-cocoon-admin-0123456789",
          "cocoon-max-cost": nano.toString(),
        },
        body: JSON.stringify({ model: MODEL, messages, max_tokens: 20, stream: true }),
      });
    const estimate = await world.post("/v1/estimate/chat/completions", {
      ...{ model: MODEL, messages, max_tokens: 20, stream: true },
    });
    const { providers } = z
      .object({ providers: z.array(z.object({ max_cost_nano: z.coerce.bigint() })) })
      .parse(await estimate.json());
    const both = providers.reduce((sum, { max_cost_nano }) => sum + max_cost_nano, 0n);
    world.script.startMs = 1_000;
    const alone = await limited(both - 1n);
    expect([providerOf(alone), await alone.text()]).toEqual([
      world.supply.address,
      expect.stringContaining("Hello"),
    ]);
    const hedged = await limited(both);
    expect(providerOf(hedged)).toBe(second.address);
    await hedged.text();
  });

  it("stops both when the client goes", async () => {
    await settled();
    const before = await spent();
    world.script.startMs = SLOW_MS;
    secondScript.startMs = SLOW_MS;
    const [, asked = 0] = sealed();
    const gone = new AbortController();
    const body = JSON.stringify({ model: MODEL, messages, max_tokens: 20, stream: true });
    const answer = fetch(`${world.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer sk-cocoon-admin-0123456789" },
      body,
      signal: gone.signal,
    });
    await until("the second is asked, too", async () => ((sealed()[1] ?? 0) > asked ? true : undefined));
    gone.abort();
    await expect(answer).rejects.toThrow();
    await settled();
    const after = await spent();
    expect([0n, 2_000n]).toContain(after[0] - before[0]);
    expect([0n, 4_000n]).toContain(after[1] - before[1]);
  });
});
