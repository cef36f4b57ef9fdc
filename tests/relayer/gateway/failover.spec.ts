import { APIError } from "openai";
import { z } from "zod";
import { DEFAULT_POLICY, parseReceiptFile } from "../../../relayer/client";
import { decodeLeaf, fromBase64 } from "../../../relayer/protocol";
import { type Reply, recordFrame, type Tamper } from "../provider/support/tamperProxy";
import type { Script } from "./support/chatBackend";
import type { Supply } from "./support/supply";
import { createWorld, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "who is there?" }];
/** Providers here fail on purpose again and again. */
const PRICE_ALONE = { ...DEFAULT_POLICY.choice, success: 0, firstByte: 0, throughput: 0, stickiness: 0 };
const HOUR_MS = 3_600_000;
const jobsSchema = z.object({
  data: z.array(
    z.object({ address: z.string(), provider: z.string(), spent_nano: z.string(), state: z.string() }),
  ),
});

describe("gateway, when a provider fails", () => {
  let world: World;
  let second: Supply;
  const secondScript: Script = { words: ["the", " second"], delayMs: 0, status: 200 };
  beforeAll(async () => {
    // Nothing is looked up in the background, so that what a request finds out is its own doing.
    world = await createWorld({ policy: { refreshMs: HOUR_MS }, settleMinNano: 10n ** 18n });
  });
  afterAll(() => world.close());
  afterEach(() => {
    for (const { proxy } of [world.supply, second].filter((supply) => supply !== undefined)) {
      Object.assign(proxy, { reply: undefined, tamper: undefined });
    }
    Object.assign(world.script, { status: 200, delayMs: 0 });
    secondScript.status = 200;
  });

  const ask = (options: { stream?: boolean } = {}) =>
    world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20, ...options });
  const jobs = async () =>
    jobsSchema
      .parse(await (await world.get("/v1/cocoon/jobs")).json())
      .data.filter(({ state }) => state === "active");
  const spentAt = async ({ address }: Supply) =>
    (await jobs())
      .filter((job) => job.provider === address)
      .reduce((sum, job) => sum + BigInt(job.spent_nano), 0n);
  /** The newest line of the gateway's log that says this. */
  const logged = (msg: string): Record<string, unknown> =>
    world.logLines.map((line) => JSON.parse(line)).findLast((line) => line.msg === msg) ?? {};
  /** A failure is forgotten as soon as the cooldown is over. */
  const cooled = () => world.net.chain.setTime(world.net.chain.now() + 2);
  const contentOf = async (answer: Response): Promise<unknown> => {
    const text = await answer.text();
    const parsed = z
      .object({ choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]) })
      .safeParse(JSON.parse(text));
    return parsed.data?.choices[0].message.content ?? text;
  };

  it("notices a restarted worker, waits for its attestation, seals to its new key, and keeps the job", async () => {
    expect(await contentOf(await patient(ask))).toBe("Hello from the enclave");
    const before = await jobs();
    const oldKey = world.supply.worker().receiptPublicKey;
    await world.supply.restartWorker();
    expect(await contentOf(await ask())).toBe("Hello from the enclave");
    expect(world.supply.worker().receiptPublicKey).not.toBe(oldKey);
    expect((await jobs()).map(({ address }) => address)).toEqual(before.map(({ address }) => address));
  });

  it("waits also for a restarted worker that first does not answer and then has another key", async () => {
    let calls = 0;
    world.supply.proxy.reply = (path) =>
      path === "/v1/sealed" && ++calls === 1
        ? { status: 503, body: { error: { code: "WORKER_UNAVAILABLE", message: "It does not answer." } } }
        : undefined;
    await world.supply.restartWorker();
    expect(await contentOf(await ask())).toBe("Hello from the enclave");
    expect(calls).toBeGreaterThan(1);
  });

  it("finds a second provider, and uses the cheaper one first", async () => {
    second = await world.addSupply(secondScript);
    await world.gateway.close();
    await world.startGateway({ refreshMs: HOUR_MS, interFrameMs: 5_000, choice: PRICE_ALONE });
    const answer = await patient(() => ask({ stream: true }));
    expect(answer.headers.get("cocoon-provider")).toBe(world.supply.address);
    expect(await answer.text()).toContain("Hello");
  });

  const sealed = (status: number) => () => {
    world.script.status = status;
  };
  const clear = (status: number, body: unknown) => () => {
    world.supply.proxy.reply = (path) => (path === "/v1/sealed" ? { status, body } : undefined);
  };
  const breaking: Reply = (path) => (path === "/v1/sealed" ? "break" : undefined);
  it.each<[string, () => void]>([
    ["503 of its backend, sealed", sealed(503)],
    ["429 of its backend, sealed", sealed(429)],
    ["429 in clear", clear(429, { error: { code: "OVERLOADED", message: "Too much." } })],
    ["503 in clear", clear(503, { error: { code: "NO_WORKER", message: "None." } })],
    ["502 of something in between", clear(502, "<html>")],
    [
      "broken connection",
      () => {
        world.supply.proxy.reply = breaking;
      },
    ],
  ])("answers from the next provider after a %s, and pays the first one nothing", async (_name, fail) => {
    const before = await spentAt(world.supply);
    fail();
    const answer = await ask({ stream: true });
    expect([answer.status, answer.headers.get("cocoon-provider")]).toEqual([200, second.address]);
    expect(await answer.text()).toContain("second");
    expect(await spentAt(world.supply)).toBe(before);
  });

  it("has a receipt of the refused attempt, at price zero", async () => {
    world.script.status = 503;
    const before = await spentAt(world.supply);
    expect(await contentOf(await ask())).toBe("the second");
    const { requestId } = logged("worker refused the request");
    const receipt = await world.get(`/v1/receipts/${requestId}`);
    const leaf = decodeLeaf(fromBase64(parseReceiptFile(await receipt.text()).leaf));
    expect(leaf.status).toBe("refused");
    expect(await spentAt(world.supply)).toBe(before);
  });

  it("tells the refusal when everybody refuses, with the time to wait", async () => {
    world.script.status = 429;
    secondScript.status = 429;
    const answer = await ask();
    expect([answer.status, Number(answer.headers.get("retry-after"))]).toEqual([429, 2]);
    expect(await answer.json()).toMatchObject({ error: { message: "The model cannot do that." } });
  });

  it("does not ask another provider for what is the request's own fault", async () => {
    await cooled();
    world.script.status = 422;
    const answer = await ask();
    expect([answer.status, answer.headers.get("cocoon-provider")]).toEqual([422, world.supply.address]);
  });

  const cut: Tamper = (frame, index) => (index === 3 ? "break" : frame.bytes);
  const silent: Tamper = (frame, index) => (index === 3 ? "stall" : frame.bytes);
  it.each<[string, Tamper, string]>([
    ["breaks off", cut, "worker_unavailable"],
    ["falls silent", silent, "timeout"],
  ])(
    "names the failure in the stream when a provider %s, and books the receipt",
    async (_name, tamper, code) => {
      const before = await spentAt(world.supply);
      world.supply.proxy.tamper = tamper;
      const stream = await world.openai.chat.completions.create({ model: MODEL, messages, stream: true });
      const read = async () => {
        let text = "";
        try {
          for await (const chunk of stream) {
            text += chunk.choices[0]?.delta.content ?? "";
          }
        } catch (thrown) {
          return { text, code: thrown instanceof APIError ? thrown.code : String(thrown) };
        }
        return { text, code: undefined };
      };
      expect(await read()).toEqual({ text: "Hello", code });
      world.supply.proxy.tamper = undefined;
      await cooled();
      // Its provider kept the receipt of the whole answer: 10 prompt and 4 completion tokens.
      await until("the lost answer is booked", async () =>
        (await spentAt(world.supply)) === before + 5_200n ? true : undefined,
      );
      expect((await ask()).status).toBe(200);
    },
  );

  const spoilt: Tamper = (frame) => (frame.kind === "record" ? recordFrame("{}") : frame.bytes);
  const middle: Tamper = (frame, index) => (index === 2 ? "break" : frame.bytes);
  it.each<[string, Tamper]>([
    ["breaks off in the middle", middle],
    ["breaks off before its last frame", cut],
    ["comes with a spoilt record", spoilt],
    ["falls silent", silent],
  ])(
    "answers from the next provider when a whole answer %s, and books its receipt",
    async (_name, tamper) => {
      await cooled();
      const [first, other] = [await spentAt(world.supply), await spentAt(second)];
      world.supply.proxy.tamper = tamper;
      const { data, response } = await world.openai.chat.completions
        .create({ model: MODEL, messages, max_tokens: 20 })
        .withResponse();
      expect(data.choices[0]?.message.content).toBe("the second");
      expect(response.headers.get("cocoon-provider")).toBe(second.address);
      world.supply.proxy.tamper = undefined;
      // 10 prompt tokens and 2 at twice the price; and what the first provider has a receipt of.
      await until("both are booked", async () =>
        (await spentAt(second)) === other + 7_200n && (await spentAt(world.supply)) === first + 5_200n
          ? true
          : undefined,
      );
      await cooled();
      expect((await ask()).headers.get("cocoon-provider")).toBe(world.supply.address);
    },
  );

  it("tells how a whole answer broke off when the others refuse or fail, too", async () => {
    await cooled();
    Object.assign(world.supply.proxy, { tamper: middle });
    Object.assign(second.proxy, { reply: breaking });
    const answer = await ask();
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: "worker_unavailable" } });
  });

  it("asks nobody else where a broken-off answer and another could cost more than the caller allows", async () => {
    const words = { model: MODEL, messages, max_tokens: 20 };
    const estimated = await (await world.post("/v1/estimate/chat/completions", words)).json();
    const { providers } = z
      .object({ providers: z.array(z.object({ max_cost_nano: z.coerce.bigint() })) })
      .parse(estimated);
    const both = providers.reduce((sum, { max_cost_nano }) => sum + max_cost_nano, 0n);
    const limited = (nano: bigint) => {
      const headers = { "cocoon-max-cost": nano.toString() };
      return world.openai.chat.completions.create(words, { headers }).withResponse();
    };
    await cooled();
    const asked = second.proxy.sealed;
    world.supply.proxy.tamper = middle;
    await expect(limited(both - 1n)).rejects.toMatchObject({ status: 503, code: "worker_unavailable" });
    expect(second.proxy.sealed).toBe(asked);
    await cooled();
    const { response } = await limited(both);
    expect(response.headers.get("cocoon-provider")).toBe(second.address);
  });

  it.each([
    ["as many workers were asked as the policy allows", { maxAttempts: 1 }, middle, 503],
    ["the time for a whole answer has passed", { totalMs: 2_000 }, silent, 504],
  ])("asks nobody else when %s", async (_name, policy, tamper, status) => {
    await world.gateway.close();
    await world.startGateway({ refreshMs: HOUR_MS, interFrameMs: 5_000, choice: PRICE_ALONE, ...policy });
    await cooled();
    expect((await patient(ask)).headers.get("cocoon-provider")).toBe(world.supply.address);
    const asked = second.proxy.sealed;
    world.supply.proxy.tamper = tamper;
    expect((await ask()).status).toBe(status);
    expect(second.proxy.sealed).toBe(asked);
  });

  it("asks who served a conversation before, and the cheaper one for any other", async () => {
    await world.gateway.close();
    await world.startGateway({
      refreshMs: HOUR_MS,
      choice: { ...PRICE_ALONE, stickiness: 2 },
    });
    const say = async (content: string) => {
      const body = { model: MODEL, max_tokens: 20, messages: [{ role: "user", content }] };
      const answer = await patient(() => world.post("/v1/chat/completions", body));
      return answer.headers.get("cocoon-provider");
    };
    world.script.status = 503;
    expect(await say("the first words")).toBe(second.address);
    world.script.status = 200;
    await cooled();
    expect(await say("other words")).toBe(world.supply.address);
    expect(await say("the first words")).toBe(second.address);
    await world.gateway.close();
    await world.startGateway({ refreshMs: HOUR_MS });
  });

  it("never asks a worker again that signed something false, not after a restart either", async () => {
    world.supply.proxy.tamper = cut;
    world.supply.proxy.reply = (path) => {
      if (!path.startsWith("/v1/receipts/")) {
        return undefined;
      }
      const zero = Buffer.alloc(64).toString("base64");
      const leaf = Buffer.alloc(122, 1).toString("base64");
      const { receiptPublicKey: worker } = world.supply.worker();
      const root = Buffer.alloc(32).toString("base64");
      const body = {
        leaf,
        index: 0,
        size: 1,
        proof: [],
        root,
        amount: "1",
        issuedAt: 1,
        signature: zero,
        worker,
      };
      return { status: 200, body };
    };
    await (await ask({ stream: true })).text();
    const liar = world.supply.worker().receiptPublicKey;
    await until("the lie is noticed", async () =>
      logged("receipt invalid").worker === liar ? true : undefined,
    );
    Object.assign(world.supply.proxy, { tamper: undefined, reply: undefined });
    expect((await ask()).headers.get("cocoon-provider")).toBe(second.address);
    await world.gateway.close();
    await world.startGateway({ refreshMs: 1_000 });
    const served = await patient(ask);
    expect(served.headers.get("cocoon-provider")).toBe(second.address);
  });
});
