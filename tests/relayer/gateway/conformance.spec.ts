import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { APIError, APIUserAbortError } from "openai";
import { z } from "zod";
import { parseReceiptFile, verifyReceipt } from "../../../relayer/client";
import { createOpenAiBackend } from "../../../relayer/worker/backends/openAi/openAiBackend";
import { type OpenAiServer, startOpenAiServer } from "./support/openAiServer";
import { ADMIN_KEY, createWorld, MODEL, until, untilCosigned, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const SAID = "Hello from the backend";
const messages = [{ role: "user" as const, content: "which city?" }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const functionNamed = (name: string) => ({ type: "function" as const, function: { name, parameters } });
const weather = z.object({ city: z.string() });

describe("official clients, against a gateway with a real network behind it", () => {
  let world: World;
  let backend: OpenAiServer;
  beforeAll(async () => {
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

  describe("openai", () => {
    const chat = () => world.openai.chat.completions;

    it("chats, with the cost and its prices in the answer", async () => {
      const answer = await chat().create({ model: MODEL, messages });
      expect(answer).toMatchObject({
        id: "chatcmpl-7",
        choices: [{ message: { content: SAID }, finish_reason: "stop" }],
        usage: { prompt_tokens: 10, completion_tokens: 4, cost_nano: "5200" },
        cocoon: { cost_nano: "5200", prices: { prompt_nano: "200000000", completion_nano: "800000000" } },
      });
    });

    it("streams, with finish reason and the cost in the last chunk", async () => {
      const stream = await chat().create({
        model: MODEL,
        messages,
        stream: true,
        stream_options: { include_usage: true },
      });
      const chunks = [];
      for await (const chunk of stream) {
        chunks.push(chunk);
      }
      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(SAID);
      expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(["stop"]);
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { cost_nano: "5200" } });
    });

    it("calls several tools at once, streamed and not, and goes on with their results", async () => {
      const tools = [functionNamed("weather"), functionNamed("time")];
      const request = {
        model: MODEL,
        messages,
        tools,
        tool_choice: "auto" as const,
        parallel_tool_calls: true,
      };
      const answer = await chat().create(request);
      const [choice] = answer.choices;
      expect(choice?.finish_reason).toBe("tool_calls");
      expect(choice?.message.tool_calls).toMatchObject([
        { id: "call_0", function: { name: "weather", arguments: '{"city":"Bern"}' } },
        { id: "call_1", function: { name: "time" } },
      ]);
      expect(backend.last()).toMatchObject({ tools, tool_choice: "auto", parallel_tool_calls: true });
      const streamed = await chat().stream(request).finalChatCompletion();
      expect(streamed.choices[0]?.message.tool_calls).toHaveLength(2);
      const results = (choice?.message.tool_calls ?? []).map(({ id }) => ({
        role: "tool" as const,
        tool_call_id: id,
        content: "sunny",
      }));
      const history = [...messages, ...(choice === undefined ? [] : [choice.message]), ...results];
      const last = await chat().create({ ...request, messages: history });
      expect(last.choices[0]?.message.content).toBe(SAID);
    });

    it("passes every other parameter to the backend, and its choices and logprobs back", async () => {
      const image = { type: "image_url" as const, image_url: { url: "data:image/png;base64,AAAA" } };
      const sent = {
        messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "what?" }, image] }],
        seed: 7,
        stop: ["\n"],
        n: 2,
        logprobs: true,
        top_logprobs: 1,
        logit_bias: { "5": -1 },
        user: "u",
        temperature: 0.5,
        response_format: { type: "json_object" as const },
      };
      const answer = await chat().create({ model: MODEL, ...sent, ...{ my_own_field: { deep: [1] } } });
      expect(backend.last()).toMatchObject({ ...sent, my_own_field: { deep: [1] } });
      expect(answer.choices).toHaveLength(2);
      expect(answer.choices[0]?.logprobs?.content?.[0]?.token).toBe("Hello");
    });

    it.each([
      ["none", "none" as const],
      ["required", "required" as const],
      ["one by its name", { type: "function" as const, function: { name: "time" } }],
    ])("passes on which tool is to be called: %s", async (_name, tool_choice) => {
      const tools = [functionNamed("weather"), functionNamed("time")];
      const asked = { model: MODEL, messages, tools, tool_choice, parallel_tool_calls: false };
      await chat().create(asked);
      expect(backend.last()).toMatchObject({ tools, tool_choice, parallel_tool_calls: false });
      await chat().stream(asked).finalChatCompletion();
      expect(backend.last()).toMatchObject({ tools, tool_choice, stream: true });
    });

    it("completes texts, one or several, streamed and not, with their costs", async () => {
      const asked = { model: MODEL, prompt: ["once", "twice"], n: 2, logprobs: 1, stop: ["\n"], echo: false };
      const whole = await world.openai.completions.create(asked);
      expect(backend.last()).toMatchObject(asked);
      expect(whole).toMatchObject({ object: "text_completion", usage: { cost_nano: "5200" } });
      expect(whole.choices.map(({ index, text, finish_reason }) => [index, text, finish_reason])).toEqual(
        [0, 1, 2, 3].map((index) => [index, SAID, "stop"]),
      );
      expect(whole.choices[0]?.logprobs?.tokens).toEqual(["Hello"]);
      const stream = await world.openai.completions.create({
        ...asked,
        stream: true,
        stream_options: { include_usage: true },
      });
      const texts = new Map<number, string>();
      const ends: unknown[] = [];
      let last: unknown;
      for await (const chunk of stream) {
        for (const { index, text, finish_reason } of chunk.choices) {
          texts.set(index, (texts.get(index) ?? "") + text);
          ends.push(...(finish_reason === null ? [] : [[index, finish_reason]]));
        }
        last = chunk;
      }
      expect([...texts]).toEqual([0, 1, 2, 3].map((index) => [index, SAID]));
      expect(ends).toEqual([0, 1, 2, 3].map((index) => [index, "stop"]));
      expect(last).toMatchObject({ choices: [], usage: { completion_tokens: 4, cost_nano: "5200" } });
    });

    it("parses structured output", async () => {
      const answer = await chat().create({
        model: MODEL,
        messages,
        response_format: { type: "json_schema", json_schema: { name: "city", schema: parameters } },
      });
      expect(weather.parse(JSON.parse(answer.choices[0]?.message.content ?? ""))).toEqual({ city: "Bern" });
    });

    it("embeds, one text or many, and pays for what was read", async () => {
      const { data, usage } = await world.openai.embeddings.create({ model: MODEL, input: ["a", "bcd"] });
      expect(data.map(({ embedding }) => embedding)).toEqual([
        [1, 0.5],
        [3, 0.5],
      ]);
      expect(usage).toMatchObject({ prompt_tokens: 6, cost_nano: "1200" });
      const one = await world.openai.embeddings.create({
        model: MODEL,
        input: "ab",
        encoding_format: "float",
      });
      expect(one.data[0]?.embedding).toEqual([2, 0.5]);
    });

    it("lists models with price, context, attestation and live providers", async () => {
      const [model] = (await world.openai.models.list()).data;
      expect(model).toMatchObject({
        id: MODEL,
        context_length: 4_096,
        providers: 1,
        workers: 1,
        attestation: ["development"],
        attestation_levels: [{ tee: "development", verified_by: "attestors", workers: 1 }],
        pricing: { prompt_nano: "200000000", blended_nano: "350000000" },
        market: null,
      });
      expect(await world.openai.models.retrieve(MODEL)).toMatchObject({ id: MODEL });
    });

    it("meets errors as its own classes, the backend's with its own code", async () => {
      const refusals = [
        [() => chat().create({ model: MODEL, messages, temperature: 3 }), 400, "out_of_range", "temperature"],
        [() => chat().create({ model: "none", messages }), 404, "not_found", "model"],
        [() => world.client("sk-wrong-0123456789").models.list(), 401, "unauthorized", null],
      ] as const;
      for (const [ask, status, code, param] of refusals) {
        const thrown: unknown = await ask().then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(thrown).toBeInstanceOf(APIError);
        expect(thrown).toMatchObject({ status, code, param });
      }
    });

    it("aborts a stream, which stops the generation and is paid up to there", async () => {
      backend.delayMs = 200;
      const stream = await chat().create({ model: MODEL, messages, stream: true });
      const read = async () => {
        for await (const chunk of stream) {
          if (chunk.choices[0]?.delta.content === "Hello") {
            stream.controller.abort();
          }
        }
      };
      await read();
      backend.delayMs = 0;
      const abort = new AbortController();
      const pending = chat().create({ model: MODEL, messages }, { signal: abort.signal });
      abort.abort();
      await expect(pending).rejects.toBeInstanceOf(APIUserAbortError);
      // A broken-off answer's receipt may come after the next answers': until then their costs are not known.
      await until("every receipt is here", async () => {
        const told = [];
        for (let turn = 0; turn < 3; turn += 1) {
          told.push((await chat().create({ model: MODEL, messages })).usage);
        }
        return told.every((usage) => usage !== undefined && "cost_nano" in usage) ? true : undefined;
      });
      // Nor is any head co-signed while the lane has a gap.
      await untilCosigned(async () => {
        const { response } = await chat().create({ model: MODEL, messages }).withResponse();
        const path = `/v1/receipts/${response.headers.get("cocoon-receipt")}`;
        return async () => await (await world.get(path)).text();
      });
    });
  });

  describe("openai's responses", () => {
    const tool = { type: "function" as const, name: "weather", parameters, strict: true };
    const sunny = { type: "function_call_output" as const, output: "sunny" };

    it("answers, with usage and cost, and with the receipt of the chat that was sealed", async () => {
      const { data, response } = await world.openai.responses
        .create({ model: MODEL, input: "which city?", instructions: "Be brief.", max_output_tokens: 20 })
        .withResponse();
      expect([data.output_text, data.status]).toEqual([SAID, "completed"]);
      expect(data.usage).toMatchObject({ input_tokens: 10, output_tokens: 4, cost_nano: "5200" });
      expect(backend.last().messages).toEqual([
        { role: "system", content: "Be brief." },
        { role: "user", content: "which city?" },
      ]);
      const id = response.headers.get("cocoon-receipt");
      expect(data.id).toBe(`resp_${id}`);
      const receipt = parseReceiptFile(await (await world.get(`/v1/receipts/${id}`)).text());
      expect(receipt.request).toContain('"messages"');
      expect(verifyReceipt(receipt).ok).toBe(true);
    });

    it("streams events that the client puts together to the same response", async () => {
      const stream = world.openai.responses.stream({ model: MODEL, input: "which city?" });
      const types: string[] = [];
      let text = "";
      for await (const event of stream) {
        types.push(event.type);
        text += event.type === "response.output_text.delta" ? event.delta : "";
      }
      expect(text).toBe(SAID);
      expect(types.filter((type) => type !== "response.output_text.delta")).toEqual([
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
      ]);
      const whole = await stream.finalResponse();
      expect([whole.output_text, whole.status]).toEqual([SAID, "completed"]);
      expect(whole.usage).toMatchObject({ total_tokens: 14, cost_nano: "5200" });
    });

    it("calls a tool, streamed and not, and goes on with its result", async () => {
      const request = { model: MODEL, input: "weather?", tools: [tool], tool_choice: "auto" as const };
      const first = await world.openai.responses.create(request);
      const called = {
        type: "function_call",
        call_id: "call_0",
        name: "weather",
        arguments: '{"city":"Bern"}',
      };
      expect(first.output).toMatchObject([called]);
      const streamed = await world.openai.responses.stream(request).finalResponse();
      expect(streamed.output).toMatchObject([called]);
      const last = await world.openai.responses.create({
        ...request,
        input: [
          { role: "user", content: "weather?" },
          ...first.output.flatMap((item) => (item.type === "function_call" ? [item] : [])),
          { ...sunny, call_id: "call_0" },
        ],
      });
      expect(last.output_text).toBe(SAID);
      expect(backend.last().messages).toMatchObject([
        { role: "user" },
        { role: "assistant", tool_calls: [{ id: "call_0", function: { name: "weather" } }] },
        { role: "tool", tool_call_id: "call_0", content: "sunny" },
      ]);
    });

    it("parses structured output", async () => {
      const format = { type: "json_schema" as const, name: "city", schema: parameters, strict: true };
      const { output_text } = await world.openai.responses.create({
        model: MODEL,
        input: "which city?",
        text: { format },
      });
      expect(weather.parse(JSON.parse(output_text))).toEqual({ city: "Bern" });
    });

    it("streams a tool's arguments, and hands several calls over in their order", async () => {
      const tools = [tool, { ...tool, name: "time" }];
      const stream = world.openai.responses.stream({ model: MODEL, input: "weather?", tools });
      const args = new Map<number, string>();
      for await (const event of stream) {
        if (event.type === "response.function_call_arguments.delta") {
          args.set(event.output_index, (args.get(event.output_index) ?? "") + event.delta);
        }
      }
      const { output } = await stream.finalResponse();
      expect(output.map((item) => (item.type === "function_call" ? item.name : item.type))).toEqual([
        "weather",
        "time",
      ]);
      expect(args.get(0)).toBe('{"city":"Bern"}');
    });

    it("stops at an abort, and pays up to there", async () => {
      backend.delayMs = 200;
      const stream = world.openai.responses.stream({ model: MODEL, input: "which city?" });
      const read = async () => {
        for await (const event of stream) {
          if (event.type === "response.output_text.delta") {
            stream.abort();
          }
        }
      };
      await expect(read()).rejects.toBeInstanceOf(APIUserAbortError);
      backend.delayMs = 0;
    });

    it("refuses by name what needs more than a chat", async () => {
      const input = "hello";
      const refused = [
        [{ input, previous_response_id: "resp_1" }, "previous_response_id"],
        [{ input, store: true }, "store"],
        [{ input, background: true }, "background"],
        [{ input, tools: [{ type: "web_search" as const }] }, "tools.0.type"],
        [{ input: [{ type: "item_reference" as const, id: "msg_1" }] }, "input.0.type"],
      ] as const;
      for (const [body, param] of refused) {
        const answer = await world.post("/v1/responses", { model: MODEL, ...body });
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({ error: { code: "unsupported_parameter", param } });
      }
      const refusal = world.openai.responses.create({ model: MODEL, input, temperature: 3 });
      await expect(refusal).rejects.toMatchObject({ status: 400, code: "out_of_range" });
    });
  });

  describe("the AI SDK", () => {
    const model = () =>
      createOpenAICompatible({
        name: "cocoon",
        baseURL: `${world.gateway.url}/v1`,
        apiKey: ADMIN_KEY,
        includeUsage: true,
        supportsStructuredOutputs: true,
      })(MODEL);

    it("generates and streams text with its usage", async () => {
      const { text, usage } = await generateText({ model: model(), prompt: "hello" });
      expect([text, usage.outputTokens]).toEqual([SAID, 4]);
      const stream = streamText({ model: model(), prompt: "hello" });
      let streamed = "";
      for await (const piece of stream.textStream) {
        streamed += piece;
      }
      expect([streamed, await stream.finishReason, (await stream.usage).inputTokens]).toEqual([
        SAID,
        "stop",
        10,
      ]);
    });

    it("generates an object by its schema", async () => {
      const { object } = await generateObject({ model: model(), schema: weather, prompt: "which city?" });
      expect(object).toEqual({ city: "Bern" });
      expect(backend.last().response_format).toMatchObject({ type: "json_schema" });
    });

    it("runs tools in steps", async () => {
      const asked: string[] = [];
      const tools = {
        weather: tool({
          inputSchema: weather,
          execute: async ({ city }) => {
            asked.push(city);
            return "sunny";
          },
        }),
      };
      const { text, steps } = await generateText({
        model: model(),
        tools,
        prompt: "weather?",
        stopWhen: stepCountIs(3),
      });
      expect([text, steps.length, asked]).toEqual([SAID, 2, ["Bern"]]);
    });
  });

  it("LangChain's ChatOpenAI chats, streams and calls tools", async () => {
    const model = new ChatOpenAI({
      model: MODEL,
      apiKey: ADMIN_KEY,
      configuration: { baseURL: `${world.gateway.url}/v1` },
      maxRetries: 0,
    });
    const answer = await model.invoke([new HumanMessage("hello")]);
    expect([answer.content, answer.usage_metadata?.output_tokens]).toEqual([SAID, 4]);
    let streamed = "";
    for await (const chunk of await model.stream("hello")) {
      streamed += String(chunk.content);
    }
    expect(streamed).toBe(SAID);
    const bound = model.bindTools([
      langchainTool(async () => "sunny", { name: "weather", description: "the weather", schema: weather }),
    ]);
    const { tool_calls } = await bound.invoke("weather?");
    expect(tool_calls).toMatchObject([{ name: "weather", args: { city: "Bern" } }]);
  });

  it("LangChain's ChatOpenAI does the same over the responses API, and goes on with a tool's result", async () => {
    const model = new ChatOpenAI({
      model: MODEL,
      apiKey: ADMIN_KEY,
      useResponsesApi: true,
      configuration: { baseURL: `${world.gateway.url}/v1` },
      maxRetries: 0,
    });
    const question = new HumanMessage("hello");
    const answer = await model.invoke([question]);
    expect([answer.text, answer.usage_metadata?.output_tokens]).toEqual([SAID, 4]);
    let streamed = "";
    for await (const chunk of await model.stream([question])) {
      streamed += chunk.text;
    }
    expect(streamed).toBe(SAID);
    const bound = model.bindTools([
      langchainTool(async () => "sunny", { name: "weather", description: "the weather", schema: weather }),
    ]);
    const called = await bound.invoke([question]);
    expect(called.tool_calls).toMatchObject([{ id: "call_0", name: "weather", args: { city: "Bern" } }]);
    const last = await bound.invoke([
      question,
      called,
      new ToolMessage({ content: "sunny", tool_call_id: "call_0" }),
    ]);
    expect(last.text).toBe(SAID);
    expect(backend.last().messages).toMatchObject([
      { role: "user" },
      { role: "assistant", tool_calls: [{ id: "call_0" }] },
      { role: "tool", tool_call_id: "call_0", content: "sunny" },
    ]);
    const city = await model.withStructuredOutput(weather, { name: "city" }).invoke("which city?");
    expect(city).toEqual({ city: "Bern" });
  });

  it("curl -N reads every event as it comes, up to [DONE]", async () => {
    const { stdout } = await promisify(execFile)("curl", [
      "-sN",
      `${world.gateway.url}/v1/chat/completions`,
      "-H",
      `authorization: Bearer ${ADMIN_KEY}`,
      "-H",
      "content-type: application/json",
      "-d",
      JSON.stringify({ model: MODEL, messages, stream: true }),
    ]);
    const events = stdout.split("\n\n").filter((event) => event !== "");
    expect(events.filter((event) => event.startsWith("data: {"))).toHaveLength(5);
    expect(events.at(-2)).toMatch(/^: cocoon \{/);
    expect(events.at(-1)).toBe("data: [DONE]");
  });
});
