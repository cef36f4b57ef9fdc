import * as fs from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import * as tonCore from "@ton/core";
import { generateText, streamText } from "ai";
import OpenAI, { APIError, APIUserAbortError } from "openai";
import * as client from "../../../relayer/client";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Clock } from "../../../relayer/observe/clock";
import { createLog } from "../../../relayer/observe/log";
import { primitives, toHex } from "../../../relayer/protocol";
import {
  createWorld,
  GATEWAY_POLICY,
  MODEL,
  until,
  untilCosigned,
  type World,
} from "../gateway/support/world";
import { PLATFORM_SEED } from "../support/deployNetwork";
import { exampleOf, runExample } from "./support/examples";

const PROMPT = "a prompt that no log may hold";
const messages = [{ role: "user" as const, content: PROMPT }];
const SAID = "Hello from the enclave";

describe("createCocoonFetch, with a real network behind it", () => {
  let world: World;
  let folder: string;
  let cocoon: client.CocoonFetch;
  let openai: OpenAI;
  const lines: string[] = [];

  function options(): client.CocoonFetchOptions {
    const { net, network } = world;
    const clock: Clock = { nowMs: () => net.chain.now() * 1_000 };
    return {
      network: { globalId: net.chain.globalId, networkRegistry: network.registry.address.toString() },
      endpoints: [net.endpoint],
      mnemonic: devWallet("developer").mnemonic,
      developmentPlatforms: [toHex(primitives.ed25519PublicKey(PLATFORM_SEED))],
      store: `file:${folder}/client`,
      sessionSecret: Buffer.alloc(32, 6),
      policy: GATEWAY_POLICY,
      log: createLog({ name: "sdk", level: "debug", destination: { write: (line) => lines.push(line) } }),
      clock,
    };
  }
  function start(): void {
    cocoon = client.createCocoonFetch(options());
    openai = new OpenAI({ apiKey: "not used", fetch: cocoon, maxRetries: 0 });
  }
  async function failure(promise: Promise<unknown>): Promise<APIError> {
    const thrown = await promise.catch((error: unknown) => error);
    if (!(thrown instanceof APIError)) {
      throw new Error(`Not an API error: ${String(thrown)}`);
    }
    return thrown;
  }

  beforeAll(async () => {
    world = await createWorld();
    folder = fs.mkdtempSync(join(tmpdir(), "cocoon-sdk-"));
    start();
  });
  afterAll(async () => {
    await cocoon.close();
    await world.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("answers the openai package, tells the cost, and has a receipt that the chain confirms", async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: MODEL, messages, max_tokens: 20 })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(SAID);
    expect(data.usage).toMatchObject({ completion_tokens: 4, cost_nano: "5200" });
    const id = response.headers.get("cocoon-receipt");
    const receipt = await cocoon(`https://api.openai.com/v1/receipts/${id}`);
    const file = client.parseReceiptFile(await receipt.text());
    const verdict = await client.verifyReceiptOnChain({ reader: world.network.reader }, file);
    expect(verdict.checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(verdict.checks.find(({ name }) => name === "attested on chain")?.outcome).toBe("ok");
    fs.writeFileSync(join(folder, "receipt.json"), JSON.stringify(file));
  });

  it("streams, with usage and cost in the last chunk", async () => {
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
    }
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(SAID);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toContain("stop");
    expect(chunks.at(-1)).toMatchObject({ usage: { cost_nano: "5200" } });
  });

  it("serves text completions and the models, whatever the base URL", async () => {
    const bare = new OpenAI({ apiKey: "-", baseURL: "http://cocoon", fetch: cocoon, maxRetries: 0 });
    const completion = await bare.completions.create({ model: MODEL, prompt: PROMPT });
    expect(completion.choices[0]?.text).toBe(SAID);
    expect((await bare.models.list()).data).toMatchObject([
      { id: MODEL, context_length: 4096, providers: 1 },
    ]);
    expect(await bare.models.retrieve(MODEL)).toMatchObject({ pricing: { prompt_nano: "200000000" } });
  });

  it("serves the AI SDK", async () => {
    const provider = createOpenAICompatible({ name: "cocoon", baseURL: "http://cocoon/v1", fetch: cocoon });
    const whole = await generateText({ model: provider(MODEL), prompt: PROMPT });
    expect([whole.text, whole.finishReason, whole.usage.outputTokens]).toEqual([SAID, "stop", 4]);
    const streamed = streamText({ model: provider(MODEL), prompt: PROMPT });
    expect(await streamed.text).toBe(SAID);
  });

  describe("when the caller goes", () => {
    const count = Array.from({ length: 100 }, (_, i) => ` ${i}`);
    beforeEach(() => {
      world.script.words = count;
      world.script.delayMs = 100;
    });
    afterEach(async () => {
      world.script.words = SAID.split(/(?= )/);
      world.script.delayMs = 0;
      // Without the stopped answer's receipt the lane would have a gap, and no later head would be co-signed.
      await untilCosigned(async () => {
        const { response } = await openai.chat.completions.create({ model: MODEL, messages }).withResponse();
        const url = `http://cocoon/v1/receipts/${response.headers.get("cocoon-receipt")}`;
        return async () => await (await cocoon(url)).text();
      });
    });

    it("stops a stream at an abort, and gets the receipt of what was made", async () => {
      const stream = await openai.chat.completions.create({ model: MODEL, messages, stream: true });
      let seen = 0;
      for await (const _chunk of stream) {
        seen += 1;
        if (seen === 3) {
          stream.controller.abort();
        }
      }
      expect(seen).toBeLessThan(count.length);
    });

    it("stops an answer that is not streamed at an abort", async () => {
      const controller = new AbortController();
      const asked = openai.chat.completions.create({ model: MODEL, messages }, { signal: controller.signal });
      setTimeout(() => controller.abort(), 500);
      await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    });

    it("stops a stream whose body is cancelled", async () => {
      const answer = await cocoon("http://cocoon/v1/chat/completions", {
        method: "POST",
        body: JSON.stringify({ model: MODEL, messages, stream: true }),
      });
      const reader = answer.body?.getReader();
      expect((await reader?.read())?.done).toBe(false);
      await reader?.cancel();
    });
  });

  it("rejects with the signal's reason when that is aborted before", async () => {
    const signal = AbortSignal.abort(new Error("not today"));
    await expect(cocoon("http://cocoon/v1/models", { signal })).rejects.toThrow("not today");
  });

  it("fails in OpenAI's shape, and says what a second try is good for", async () => {
    const create = (body: object) =>
      openai.chat.completions.create({ model: MODEL, messages, ...body }).withResponse();
    const unknown = await failure(create({ model: "gpt-none" }));
    expect([unknown.status, unknown.code, unknown.headers?.get("x-should-retry")]).toEqual([
      404,
      "not_found",
      "false",
    ]);
    const wrong = await failure(create({ max_tokens: "many" }));
    expect([wrong.status, wrong.code, wrong.param]).toEqual([400, "bad_request", "max_tokens"]);
    const dear = await cocoon("http://cocoon/v1/chat/completions", {
      method: "POST",
      headers: { "cocoon-max-cost": "1.5" },
      body: JSON.stringify({ model: MODEL, messages }),
    });
    expect(dear.status).toBe(400);
    world.script.status = 422;
    const refused = await failure(create({}));
    world.script.status = 200;
    expect([refused.status, refused.message]).toEqual([422, expect.stringContaining("cannot do that")]);
  });

  it("sends nothing to the host in the URL, not even what it does not serve", async () => {
    let hits = 0;
    const host = createServer((_request, response) => {
      hits += 1;
      response.end();
    });
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    const address = host.address();
    const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/v1`;
    const other = await cocoon(`${base}/files`, { method: "POST", body: PROMPT });
    expect([other.status, await other.json()]).toEqual([
      404,
      { error: expect.objectContaining({ code: "not_found", type: "invalid_request_error" }) },
    ]);
    expect((await cocoon(`${base}/models`)).status).toBe(200);
    expect(hits).toBe(0);
    await new Promise((resolve) => host.close(resolve));
  });

  it("seals to no worker of a platform that was not named", async () => {
    const strict = client.createCocoonFetch({ ...options(), store: "memory:", developmentPlatforms: [] });
    const models = await (await strict("http://cocoon/v1/models")).json();
    expect(models).toMatchObject({ data: [] });
    await strict.close();
  });

  it("estimates what a request would cost, and sends nothing", async () => {
    const sealed = world.supply.proxy.sealed;
    const estimate = (model: string) =>
      cocoon("http://cocoon/v1/estimate/chat/completions", {
        method: "POST",
        headers: { "cocoon-max-cost": "7000" },
        body: JSON.stringify({ model, messages, max_tokens: 20 }),
      });
    expect(await (await estimate(MODEL)).json()).toMatchObject({
      object: "cocoon.estimate",
      providers: [{ provider: world.supply.address, has_job: true, max_cost_nano: "7000" }],
    });
    expect((await estimate("nobody-has-it")).status).toBe(404);
    expect(world.supply.proxy.sealed).toBe(sealed);
  });

  it("needs no wallet to spend a job that was opened elsewhere", async () => {
    const seed = Buffer.alloc(32, 92);
    const opened = await world.network.openJob({
      nonce: 92n,
      budgetNano: 200_000_000n,
      worker: BigInt(`0x${world.supply.worker().receiptPublicKey}`),
      sessionPublicKey: primitives.ed25519PublicKey(seed),
    });
    const { mnemonic: _, ...rest } = options();
    const handed = client.createCocoonFetch({ ...rest, store: "memory:" });
    const own = new OpenAI({ apiKey: "not used", fetch: handed, maxRetries: 0 });
    const create = () => own.chat.completions.create({ model: MODEL, messages }).withResponse();
    expect([(await failure(create())).status]).toEqual([402]);
    const address = opened.address.toRawString();
    await until("it is active", async () =>
      (await handed.ready()).adoptJob({ address, seed }).catch(() => undefined),
    );
    const { data, response } = await create();
    expect([data.choices[0]?.message.content, response.headers.get("cocoon-job")]).toEqual([SAID, address]);
    await handed.close();
  });

  it("goes on with its job after a restart, refuses when closed, and can close the job", async () => {
    const before = (await cocoon.ready()).jobs();
    await cocoon.close();
    const closed = await cocoon("http://cocoon/v1/models");
    expect([closed.status, closed.headers.get("x-should-retry")]).toEqual([503, "true"]);
    start();
    await openai.chat.completions.create({ model: MODEL, messages });
    const own = await cocoon.ready();
    expect(own.jobs().map(({ address }) => address)).toEqual(before.map(({ address }) => address));
    expect((await own.closeJob(before[0]?.address ?? "")).state).toBe("releasing");
  });

  describe("the example of", () => {
    const names = Object.entries(client).flatMap(([name, value]) =>
      typeof value === "function" ? [name] : [],
    );

    it.each(names)("%s prints what it says", async (name) => {
      const { net, network } = world;
      const deployment = join(folder, "deployment.json");
      const { network: deployed } = options();
      fs.writeFileSync(deployment, JSON.stringify(deployed));
      const example = exampleOf(name);
      expect(example.prints.length).toBeGreaterThan(0);
      const printed = await runExample(example, {
        modules: { "node:fs": fs, openai: OpenAI, "@ton/core": tonCore, "cocoon/client": client },
        env: {
          COCOON_DEPLOYMENT: deployment,
          COCOON_ENDPOINTS: net.endpoint,
          COCOON_NETWORK_REGISTRY: network.registry.address.toString(),
          COCOON_DEVELOPER_MNEMONIC: devWallet("developer").mnemonic,
          COCOON_DEV_PLATFORM_KEYS: toHex(primitives.ed25519PublicKey(PLATFORM_SEED)),
          RECEIPT: join(folder, "receipt.json"),
        },
      });
      expect(printed).toEqual(example.prints);
    });
  });

  it("writes no prompt, answer or words of the wallet to its log", () => {
    const log = lines.join("\n");
    expect(log).toContain("job opening");
    for (const secret of [PROMPT, "enclave", devWallet("developer").mnemonic]) {
      expect(log).not.toContain(secret);
    }
  });
});
