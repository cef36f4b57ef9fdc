import { z } from "zod";
import type { ApiKeyOption } from "../../../relayer/gateway";
import { ADMIN_KEY, API_KEYS, createWorld, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "how much is it?" }];
/** 10 prompt and 4 completion tokens. */
const COST = 5_200n;
const DAY_SECONDS = 86_400;
const KEYS = {
  daily: "sk-cocoon-daily-0123456789",
  small: "sk-cocoon-small-0123456789",
  model: "sk-cocoon-model-0123456789",
};
const BODY = { model: MODEL, messages, max_tokens: 20 };

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const usageSchema = z.object({
  spent_nano: z.string(),
  limit_nano: z.string().nullable(),
  today: z.array(z.object({ model: z.string().nullable(), spent_nano: z.string(), limit_nano: z.string() })),
});
const estimateSchema = z.object({
  model: z.string(),
  providers: z.array(
    z.object({
      provider: z.string(),
      has_job: z.boolean(),
      prompt_tokens_at_most: z.number(),
      completion_tokens_at_most: z.number(),
      worst_cost_nano: z.string(),
      max_cost_nano: z.string(),
      max_cost_usd: z.string().optional(),
    }),
  ),
});
const jobsSchema = z.object({
  data: z.array(
    z.object({ runs_dry_at: z.number().nullable(), spent_nano_per_hour: z.string(), free_usd: z.string() }),
  ),
});

describe("gateway, and what its keys may spend", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ policy: { refreshMs: 200 }, settleMinNano: 10n ** 18n });
  });
  afterAll(() => world.close());

  const restart = async (...keys: readonly ApiKeyOption[]) => {
    await world.gateway.close();
    await world.startGateway({}, { apiKeys: [...API_KEYS.slice(0, 1), ...keys], usd: { usdPerTon: 3 } });
  };
  const ask = (key?: string, more: object = {}) =>
    patient(() => world.post("/v1/chat/completions", { ...BODY, ...more }, key));
  const refusalOf = async (answer: Response) => errorSchema.parse(await answer.json()).error;
  const usageOf = async (key: string) =>
    usageSchema.parse(await (await world.get("/v1/cocoon/usage", key)).json());
  const estimateOf = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${world.gateway.url}/v1/estimate/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN_KEY}`, ...headers },
      body: JSON.stringify(body),
    });
    const [first] = estimateSchema.parse(await answer.json()).providers;
    if (first === undefined) {
      throw new Error("no provider");
    }
    return first;
  };

  let worst = 0n;
  it("tells what a request may cost before it is sent, opens no job for it and sends nothing", async () => {
    const sealed = world.supply.proxy.sealed;
    const found = await until("a worker is known", async () => {
      const answer = await world.get("/v1/models");
      return (await answer.text()).includes(MODEL) ? await estimateOf("chat/completions", BODY) : undefined;
    });
    const bytes = Buffer.byteLength(JSON.stringify(BODY));
    worst = BigInt((bytes + 256) * 200 + 20 * 800 + 1);
    expect(found).toMatchObject({
      provider: world.supply.address,
      has_job: false,
      prompt_tokens_at_most: bytes + 256,
      completion_tokens_at_most: 20,
      worst_cost_nano: worst.toString(),
      max_cost_nano: worst.toString(),
    });
    expect(await estimateOf("chat/completions", BODY, { "cocoon-max-cost": "7" })).toMatchObject({
      worst_cost_nano: worst.toString(),
      max_cost_nano: "7",
    });
    const embedded = await estimateOf("embeddings", { model: MODEL, input: ["a", "b"] });
    expect(embedded.completion_tokens_at_most).toBe(0);
    const response = { model: MODEL, input: "hello", max_output_tokens: 9 };
    expect((await estimateOf("responses", response)).completion_tokens_at_most).toBe(9);
    expect((await world.post("/v1/estimate/chat/completions", { ...BODY, model: "none" })).status).toBe(404);
    expect((await world.post("/v1/estimate/completions", BODY)).status).toBe(400);
    expect((await world.post("/v1/estimate/chat/completions", BODY, "sk-wrong-0123456789")).status).toBe(401);
    expect(world.supply.proxy.sealed).toBe(sealed);
    expect(await (await world.get("/v1/cocoon/jobs")).json()).toMatchObject({ data: [] });
  });

  it("lets a key spend its day's limit to the last nanoton, and says when the next day begins", async () => {
    await restart({ name: "daily", key: KEYS.daily, perDayNano: worst + COST });
    const spent = async (nano: bigint) => {
      await until(`${nano} are booked`, async () =>
        (await usageOf(KEYS.daily)).today[0]?.spent_nano === nano.toString() ? true : undefined,
      );
    };
    // Its worst case fits even when exactly so much is left.
    for (const booked of [COST, 2n * COST]) {
      expect((await ask(KEYS.daily)).status).toBe(200);
      await spent(booked);
    }
    const before = world.net.chain.now();
    const answer = await ask(KEYS.daily);
    const left = (now: number) => DAY_SECONDS - (now % DAY_SECONDS);
    const { code, message } = await refusalOf(answer);
    expect([answer.status, code]).toEqual([429, "spend_limit_exceeded"]);
    expect(message).toContain(`${worst - COST} are left`);
    const wait = Number(answer.headers.get("retry-after"));
    expect(wait).toBeLessThanOrEqual(left(before));
    expect(wait).toBeGreaterThanOrEqual(left(world.net.chain.now()));
    // What was set aside for the refused one is free again.
    await spent(2n * COST);
    expect((await ask(KEYS.daily, { max_tokens: 1 })).status).toBe(200);
  });

  it("authorises no worker for more than a key's limit for one request", async () => {
    await restart({ name: "small", key: KEYS.small, perRequestNano: 3_600n });
    const answer = await ask(KEYS.small);
    // The model said four words, of which the limit pays two.
    expect(await answer.json()).toMatchObject({ usage: { cost_nano: "3600", completion_tokens: 4 } });
    await restart({ name: "small", key: KEYS.small, perRequestNano: 1_000n });
    const refused = await ask(KEYS.small);
    expect([refused.status, (await refusalOf(refused)).code]).toEqual([402, "cost_limit_exceeded"]);
  });

  it("counts a model's own limit beside the key's", async () => {
    await restart({
      name: "model",
      key: KEYS.model,
      perDayNano: 10n * worst,
      models: { [MODEL]: { perDayNano: worst - 1n } },
    });
    const refused = await ask(KEYS.model);
    const { message } = await refusalOf(refused);
    expect([refused.status, message]).toEqual([429, expect.stringContaining("a day on this model")]);
    expect(await usageOf(KEYS.model)).toEqual({
      spent_nano: "0",
      limit_nano: null,
      today: [
        { model: null, spent_nano: "0", limit_nano: (10n * worst).toString() },
        { model: MODEL, spent_nano: "0", limit_nano: (worst - 1n).toString() },
      ],
    });
    // A key with limits manages no jobs.
    expect((await world.get("/v1/cocoon/jobs", KEYS.model)).status).toBe(401);
  });

  it("tells amounts in US dollars too, and when a job's budget will run dry", async () => {
    const answer = await ask();
    expect(await answer.json()).toMatchObject({ cocoon: { cost_nano: "5200", cost_usd: "0.0000156" } });
    expect(await (await world.get(`/v1/models/${MODEL}`)).json()).toMatchObject({
      pricing: { prompt_nano: "200000000", prompt_usd: "0.6" },
    });
    expect((await estimateOf("chat/completions", BODY)).max_cost_usd).toMatch(/^0\.000\d+$/);
    const job = await until("spending is seen over time", async () => {
      await ask();
      await world.net.chain.setTime(world.net.chain.now() + 5);
      const [first] = jobsSchema.parse(await (await world.get("/v1/cocoon/jobs")).json()).data;
      return first?.runs_dry_at !== null && first?.spent_nano_per_hour !== "0" ? first : undefined;
    });
    expect(job?.runs_dry_at).toBeGreaterThan(world.net.chain.now());
    expect(job?.free_usd).toMatch(/^2\.99\d+$/);
  });
});
