import { existsSync } from "node:fs";
import path from "node:path";
import { manualClock } from "../../../relayer/observe/clock";
import { type Backend, createLlamaBackend, hashModelFile } from "../../../relayer/worker";
import { termsOf } from "./support/developer";
import { createWorld, NOW, until, type World } from "./support/world";

// The variable is for a model that is not committed yet.
const MODEL_PATH =
  process.env.COCOON_TEST_GGUF ?? path.join(__dirname, "../../../relayer/model/cocoon-tiny.gguf");

// Without the model file these tests cannot run; jest lists them as skipped.
(existsSync(MODEL_PATH) ? describe : describe.skip)("worker with a model of its own", () => {
  let world: World;
  let backend: Backend;
  beforeAll(async () => {
    backend = await createLlamaBackend({
      modelPath: MODEL_PATH,
      contextLength: 256,
      concurrency: 2,
      maxWaiting: 1,
      clock: manualClock(NOW * 1000),
    });
    // The same hash as the other tests' terms, so that their lane fits.
    const model = { name: "m", hash: termsOf().modelHash, contextLength: 256, maxOutputTokens: 120 };
    world = await createWorld({ worker: { backend, model, maxConcurrent: 8 } });
  });
  afterAll(() => world.close());

  const ask = (fields: object = {}) =>
    world.ask({ messages: [{ role: "user", content: "hi" }], ...fields }, { maxCost: 10_000n });

  it("answers a chat in OpenAI's shape, the same each time, and bills each token", async () => {
    const first = await ask();
    const answer = JSON.parse(first.text);
    expect(answer).toMatchObject({
      object: "chat.completion",
      model: "m",
      created: NOW,
      choices: [{ index: 0, message: { role: "assistant" }, finish_reason: "stop" }],
    });
    expect(answer.choices[0].message.content).toMatch(/model/);
    const { leaf } = first.record;
    expect(leaf.promptTokens).toBe(BigInt(answer.usage.prompt_tokens));
    expect(leaf.completionTokens).toBe(BigInt(answer.usage.completion_tokens));
    expect(answer.usage.prompt_tokens).toBeGreaterThan(2);
    const second = JSON.parse((await ask()).text);
    expect(second.choices).toEqual(answer.choices);
    expect(second.usage).toEqual(answer.usage);
  });

  it("streams the same text, with finish reason, usage and end", async () => {
    const whole = JSON.parse((await ask()).text);
    const { text } = await ask({ stream: true, stream_options: { include_usage: true } });
    const events = text.trim().split("\n\n");
    expect(events.at(-1)).toBe("data: [DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)));
    const spoken = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(spoken).toBe(whole.choices[0].message.content);
    expect(chunks.at(-2).choices[0].finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
  });

  it("completes a text", async () => {
    const { text } = await world.ask(
      { messages: undefined, prompt: "Hello", max_tokens: 4 },
      { maxCost: 10_000n },
    );
    expect(JSON.parse(text)).toMatchObject({
      object: "text_completion",
      choices: [{ finish_reason: "length" }],
      usage: { completion_tokens: 4 },
    });
  });

  it("stops at the tokens that the cost limit pays for", async () => {
    const { usage } = JSON.parse((await ask()).text);
    const before = BigInt((await world.lane()).amount ?? 0);
    const maxCost = BigInt(usage.prompt_tokens) + 39n;
    const { text, record } = await world.ask({ messages: [{ role: "user", content: "hi" }] }, { maxCost });
    expect(JSON.parse(text)).toMatchObject({
      choices: [{ finish_reason: "length" }],
      usage: { completion_tokens: 3 },
    });
    expect(record.leaf.amount - before).toBe(BigInt(usage.prompt_tokens) + 30n);
  });

  it.each([
    [
      "a prompt beyond its context",
      { messages: [{ role: "user", content: "word ".repeat(400) }] },
      "context_too_long",
      null,
      /^The prompt has \d{3,} tokens, and the model's context \d+, with the answer: send less\.$/,
    ],
    ["tools", { tools: [{ type: "function" }] }, "unsupported_parameter", "tools", /support tools: leave it/],
    ["several answers", { n: 2 }, "unsupported_parameter", "n", /one answer: leave n out/],
    [
      "an image",
      { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      "bad_request",
      "messages",
      /reads text/,
    ],
    [
      "a chat that ends with the assistant",
      { messages: [{ role: "assistant", content: "x" }] },
      "bad_request",
      "messages",
      /must be the user's/,
    ],
    [
      "a temperature that is none",
      { temperature: 9 },
      "bad_request",
      "temperature",
      /^The field temperature is not valid: [^\n]+$/,
    ],
    [
      "several prompts",
      { messages: undefined, prompt: ["a", "b"] },
      "unsupported_parameter",
      "prompt",
      /completes one text/,
    ],
    [
      "an input to embed",
      { messages: undefined, input: "a" },
      "unsupported_parameter",
      "input",
      /embeddings/,
    ],
  ])("refuses %s, and names what it was", async (_what, fields, code, param, message) => {
    const { status, text, record } = await ask(fields);
    const { error } = JSON.parse(text);
    expect([status, error.code, error.param]).toEqual([400, code, param]);
    expect(error.message).toMatch(message);
    expect(record.leaf.status).toBe("refused");
  });

  it("answers two at once, lets one wait and refuses the next", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask()));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 200, 503, 503]);
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.every(({ record }) => record.leaf.status === "failed")).toBe(true);
    expect((await ask()).status).toBe(200);
  });

  it("stops when the client hangs up, bills what it had produced and is free again", async () => {
    const before = await world.lane();
    await world.leave({ messages: [{ role: "user", content: "hi" }], stream: true }, 1);
    await until(async () => Number((await world.lane()).size) > Number(before.size));
    expect(Number((await world.lane()).amount)).toBeGreaterThanOrEqual(Number(before.amount));
    expect((await world.lane()).reserved).toBe("0");
    expect((await ask()).status).toBe(200);
  });

  it("hashes the model's file", async () => {
    expect((await hashModelFile(MODEL_PATH)).length).toBe(32);
    await expect(hashModelFile(`${MODEL_PATH}.missing`)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
