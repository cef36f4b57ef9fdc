import { createOpenAI } from "@ai-sdk/openai";
import {
  defaultSettingsMiddleware,
  generateObject,
  generateText,
  type ModelMessage,
  Output,
  stepCountIs,
  streamObject,
  streamText,
  tool,
  wrapLanguageModel,
} from "ai";
import { z } from "zod";
import { createOpenAiBackend } from "../../../relayer/worker/backends/openAi/openAiBackend";
import { type OpenAiServer, startOpenAiServer } from "./support/openAiServer";
import { ADMIN_KEY, createWorld, MODEL, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const SAID = "Hello from the backend";
const weather = z.object({ city: z.string() });

describe("the AI SDK's own OpenAI provider, whose models speak the responses API", () => {
  let world: World;
  let backend: OpenAiServer;
  beforeAll(async () => {
    Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
    backend = await startOpenAiServer();
    world = await createWorld({
      backend: () => createOpenAiBackend({ url: backend.url }),
      settleMinNano: 10n ** 18n,
    });
  });
  afterAll(async () => {
    await world.close();
    await backend.close();
  });

  const provider = () => createOpenAI({ baseURL: `${world.gateway.url}/v1`, apiKey: ADMIN_KEY });
  const model = () => provider()(MODEL);
  const asked: string[] = [];
  const tools = {
    weather: tool({
      description: "the weather",
      inputSchema: weather,
      execute: async ({ city }) => {
        asked.push(city);
        return "sunny";
      },
    }),
  };

  it("generates text, with usage and the receipt's id", async () => {
    const { text, usage, finishReason, response, warnings } = await generateText({
      model: model(),
      system: "Be brief.",
      prompt: "hello",
    });
    expect([text, finishReason, warnings]).toEqual([SAID, "stop", []]);
    expect(usage).toMatchObject({ inputTokens: 10, outputTokens: 4, totalTokens: 14 });
    expect(response.id).toMatch(/^resp_[0-9a-f]{32}$/);
    expect((await world.get(`/v1/receipts/${response.id}`)).status).toBe(200);
    expect(backend.last().messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "hello" },
    ]);
  });

  it("streams text to its finish reason and usage", async () => {
    const errors: unknown[] = [];
    const stream = streamText({
      model: model(),
      prompt: "hello",
      onError: ({ error }) => {
        errors.push(error);
      },
    });
    const pieces: string[] = [];
    for await (const piece of stream.textStream) {
      pieces.push(piece);
    }
    expect(errors).toEqual([]);
    expect(pieces).toEqual(["Hello", " from", " the", " backend"]);
    expect([await stream.finishReason, (await stream.usage).outputTokens]).toEqual(["stop", 4]);
  });

  it("generates objects by their schema, whole, streamed and as an output", async () => {
    const { object } = await generateObject({ model: model(), schema: weather, prompt: "which city?" });
    expect(object).toEqual({ city: "Bern" });
    expect(backend.last().response_format).toMatchObject({
      type: "json_schema",
      json_schema: { schema: { properties: { city: { type: "string" } } } },
    });
    const streamed = streamObject({ model: model(), schema: weather, prompt: "which city?" });
    const partial: unknown[] = [];
    for await (const part of streamed.partialObjectStream) {
      partial.push(part);
    }
    expect([partial.at(-1), await streamed.object]).toEqual([{ city: "Bern" }, { city: "Bern" }]);
    const { output } = await generateText({
      model: model(),
      output: Output.object({ schema: weather }),
      prompt: "which city?",
    });
    expect(output).toEqual({ city: "Bern" });
  });

  it.each([
    ["as it is", undefined],
    ["told that nothing is stored", { openai: { store: false } }],
    ["with a model that thinks before", { openai: { forceReasoning: true, reasoningEffort: "low" } }],
    ["or both", { openai: { forceReasoning: true, reasoningEffort: "low", store: false } }],
  ])("runs tools in steps, whole and streamed, %s", async (_name, providerOptions) => {
    asked.length = 0;
    const request = {
      model: model(),
      tools,
      toolChoice: "auto" as const,
      prompt: "weather?",
      stopWhen: stepCountIs(3),
      ...(providerOptions === undefined ? {} : { providerOptions }),
    };
    const { text, steps } = await generateText(request);
    expect([text, steps.length, asked]).toEqual([SAID, 2, ["Bern"]]);
    expect(backend.last().messages).toMatchObject([
      { role: "user", content: "weather?" },
      { role: "assistant", tool_calls: [{ id: "call_0", function: { name: "weather" } }] },
      { role: "tool", tool_call_id: "call_0", content: "sunny" },
    ]);
    const stream = streamText(request);
    await stream.consumeStream();
    expect([await stream.text, (await stream.steps).length, asked]).toEqual([SAID, 2, ["Bern", "Bern"]]);
  });

  const untold = () => ({ openai: { store: false } });
  const conversation = async (options: { readonly providerOptions?: ReturnType<typeof untold> }) => {
    const { response } = await generateText({ model: model(), prompt: "hello", ...options });
    const messages: ModelMessage[] = [
      { role: "user", content: "hello" },
      ...response.messages,
      { role: "user", content: "and then?" },
    ];
    return messages;
  };
  const WHOLE = [
    { role: "user", content: "hello" },
    { role: "assistant", content: SAID },
    { role: "user", content: "and then?" },
  ];

  it("goes on with a conversation where it is told that nothing is stored", async () => {
    const providerOptions = untold();
    const messages = await conversation({ providerOptions });
    expect((await generateText({ model: model(), messages, providerOptions })).text).toBe(SAID);
    expect(backend.last().messages).toEqual(WHOLE);
    // Once for all requests of a model.
    const settings = { providerOptions };
    const wrapped = wrapLanguageModel({
      model: model(),
      middleware: defaultSettingsMiddleware({ settings }),
    });
    const stream = streamText({ model: wrapped, messages });
    expect(await stream.text).toBe(SAID);
    expect(backend.last().messages).toEqual(WHOLE);
  });

  it("says what to set where it is not, since it sends the earlier answer's id alone", async () => {
    const messages = await conversation({});
    const refused = generateText({ model: model(), messages, maxRetries: 0 });
    await expect(refused).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining("`store`: false"),
      data: { error: { code: "unsupported_parameter", param: "input.1.type" } },
    });
  });

  it("meets errors with their status, and whether a second try helps", async () => {
    const options = { prompt: "hello", maxRetries: 0 };
    await expect(generateText({ model: model(), temperature: 3, ...options })).rejects.toMatchObject({
      statusCode: 400,
      isRetryable: false,
      message: "temperature must be at most 2.",
    });
    await expect(generateText({ model: provider()("none"), ...options })).rejects.toMatchObject({
      statusCode: 404,
      isRetryable: false,
    });
  });

  it("sends images and files in the request, and stops a stream when it is told to", async () => {
    const image = Buffer.from("89504e470d0a1a0a", "hex");
    const content = [
      { type: "text" as const, text: "what is it?" },
      { type: "image" as const, image, mediaType: "image/png" },
    ];
    await generateText({ model: model(), messages: [{ role: "user", content }] });
    expect(backend.last().messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "what is it?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${image.toString("base64")}` } },
        ],
      },
    ]);
    backend.delayMs = 200;
    const abort = new AbortController();
    let ended = "";
    const stream = streamText({
      model: model(),
      prompt: "hello",
      abortSignal: abort.signal,
      onAbort: () => {
        ended = "aborted";
      },
    });
    for await (const piece of stream.textStream) {
      abort.abort();
      expect(piece).toBe("Hello");
    }
    backend.delayMs = 0;
    expect(ended).toBe("aborted");
  });
});
