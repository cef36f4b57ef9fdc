import { parseResponses } from "../../../relayer/client/openai/responses/parseResponses";
import { responseBody } from "../../../relayer/client/openai/responses/responseBody";
import { createResponseEvents } from "../../../relayer/client/openai/responses/responseEvents";

const MODEL = "m";
const cocoon = {
  receipt: "aa",
  job: "0:1",
  provider: "0:2",
  prices: { prompt_nano: "1", cached_nano: "1", completion_nano: "1", reasoning_nano: "1" },
  cost_nano: "7",
};

const parse = (body: object) => parseResponses(Buffer.from(JSON.stringify({ model: MODEL, ...body })));
const chatOf = (body: object): unknown => JSON.parse(Buffer.from(parse(body).chatBody).toString("utf8"));
const name = { requestId: "aa", echo: parse({ input: "hello" }).echo };

function eventsOf(text: string): readonly Record<string, unknown>[] {
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + "data: ".length)));
}
const chunk = (delta: object, finish_reason: string | null = null) => ({
  created: 5,
  choices: [{ index: 0, delta, finish_reason }],
});

describe("a request of the responses API, as a chat", () => {
  it("translates items, images, tools, formats and limits, and passes unknown fields on", () => {
    const body = {
      instructions: "Be brief.",
      input: [
        {
          role: "developer",
          content: [
            { type: "input_text", text: "in " },
            { type: "input_text", text: "French" },
          ],
        },
        {
          type: "message",
          role: "user",
          content: [
            { type: "input_text", text: "what is it?" },
            { type: "input_image", image_url: "data:image/png;base64,AA", detail: "low" },
          ],
        },
        { type: "reasoning", id: "rs_1", summary: [] },
        { type: "item_reference", id: "rs_2" },
        { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
        { type: "function_call", call_id: "b", name: "g", arguments: "{}" },
        { type: "function_call_output", call_id: "a", output: "1" },
        { type: "function_call_output", call_id: "b", output: [{ type: "input_text", text: "2" }] },
        { role: "assistant", content: [{ type: "output_text", text: "three", annotations: [] }] },
      ],
      tools: [
        { type: "function", name: "f", parameters: { type: "object" }, strict: true, description: null },
      ],
      tool_choice: { type: "function", name: "f" },
      text: { format: { type: "json_schema", name: "s", schema: {}, strict: true }, verbosity: "low" },
      reasoning: { effort: "high" },
      include: ["message.output_text.logprobs"],
      top_logprobs: 2,
      max_output_tokens: 9,
      metadata: { a: "b" },
      store: false,
      stream: true,
      top_k: 5,
    };
    expect(chatOf(body)).toEqual({
      model: MODEL,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "system", content: "in French" },
        {
          role: "user",
          content: [
            { type: "text", text: "what is it?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA", detail: "low" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
            { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
          ],
        },
        { role: "tool", tool_call_id: "a", content: "1" },
        { role: "tool", tool_call_id: "b", content: "2" },
        { role: "assistant", content: "three" },
      ],
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" }, strict: true } }],
      tool_choice: { type: "function", function: { name: "f" } },
      response_format: { type: "json_schema", json_schema: { name: "s", schema: {}, strict: true } },
      verbosity: "low",
      reasoning_effort: "high",
      logprobs: true,
      top_logprobs: 2,
      max_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
      top_k: 5,
    });
    expect(parse(body).echo).toMatchObject({ metadata: { a: "b" }, store: false, max_output_tokens: 9 });
  });

  it.each<[string, object, string, string]>([
    ["no input", {}, "BAD_REQUEST", "input"],
    ["an empty list", { input: [] }, "BAD_REQUEST", "input"],
    ["an unknown role", { input: [{ role: "robot", content: "x" }] }, "BAD_REQUEST", "input.0.role"],
    [
      "a call without its id",
      { input: [{ type: "function_call", name: "f", arguments: "" }] },
      "BAD_REQUEST",
      "input.0.call_id",
    ],
    [
      "a file kept elsewhere",
      { input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
      "BAD_REQUEST",
      "input.0.content.0.file_data",
    ],
    [
      "an image kept elsewhere",
      { input: [{ role: "user", content: [{ type: "input_image", file_id: "f" }] }] },
      "BAD_REQUEST",
      "input.0.content.0.image_url",
    ],
    [
      "an unknown part",
      { input: [{ role: "user", content: [{ type: "input_smell" }] }] },
      "UNSUPPORTED_PARAMETER",
      "input.0.content.0.type",
    ],
    [
      "a hosted tool's call",
      { input: [{ type: "web_search_call", id: "w" }] },
      "UNSUPPORTED_PARAMETER",
      "input.0.type",
    ],
    ["a conversation", { input: "x", conversation: "conv_1" }, "UNSUPPORTED_PARAMETER", "conversation"],
    ["a prompt template", { input: "x", prompt: { id: "p" } }, "UNSUPPORTED_PARAMETER", "prompt"],
    ["truncation", { input: "x", truncation: "auto" }, "UNSUPPORTED_PARAMETER", "truncation"],
    ["several answers", { input: "x", n: 2 }, "UNSUPPORTED_PARAMETER", "n"],
    [
      "a custom tool",
      { input: "x", tools: [{ type: "custom", name: "c" }] },
      "UNSUPPORTED_PARAMETER",
      "tools.0.type",
    ],
    [
      "allowed tools",
      { input: "x", tool_choice: { type: "allowed_tools" } },
      "UNSUPPORTED_PARAMETER",
      "tool_choice",
    ],
  ])("is refused with the field's name: %s", (_name, body, code, param) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ code, facts: { param } }));
  });
});

describe("a chat's answer, as a response", () => {
  const thought = {
    reasoning_content: "Hm.",
    content: "Yes.",
    tool_calls: [{ id: "c", function: { name: "f", arguments: "{}" } }],
  };

  it("has thoughts, words and calls as items, and says why it is not complete", () => {
    const usage = {
      prompt_tokens: 3,
      completion_tokens: 2,
      total_tokens: 5,
      prompt_tokens_details: { cached_tokens: 1 },
    };
    const chat = { created: 5, choices: [{ message: thought, finish_reason: "length" }], usage };
    expect(JSON.parse(responseBody(name, JSON.stringify(chat), cocoon) ?? "")).toMatchObject({
      id: "resp_aa",
      created_at: 5,
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [
        { id: "rs_aa_0", type: "reasoning", content: [{ type: "reasoning_text", text: "Hm." }] },
        {
          id: "msg_aa_1",
          type: "message",
          content: [{ type: "output_text", text: "Yes.", annotations: [] }],
        },
        { id: "fc_aa_2", type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      ],
      usage: { input_tokens: 3, input_tokens_details: { cached_tokens: 1 }, cost_nano: "7" },
      cocoon,
    });
    expect(responseBody(name, "<html>", cocoon)).toBeUndefined();
  });

  it("streams the same items, numbers its events without a gap, and closes each item once", () => {
    const events = createResponseEvents(name);
    const text = [
      events.push(chunk({ role: "assistant", reasoning: "H" })),
      events.push(chunk({ reasoning: "m." })),
      events.push(chunk({ content: "Yes." })),
      events.push(chunk({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "{" } }] })),
      events.push(chunk({ tool_calls: [{ index: 1, id: "d", function: { name: "g", arguments: "{}" } }] })),
      events.push(chunk({ tool_calls: [{ index: 0, function: { arguments: "}" } }] })),
      events.push(chunk({}, "tool_calls")),
      events.push({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
      events.finish(cocoon),
    ].join("");
    const seen = eventsOf(text);
    expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_event, index) => index));
    const done = seen.filter(({ type }) => type === "response.output_item.done");
    expect(done.map(({ output_index }) => output_index)).toEqual([0, 1, 2, 3]);
    expect(seen.at(-1)).toMatchObject({
      type: "response.completed",
      response: {
        status: "completed",
        output: [
          { type: "reasoning", content: [{ text: "Hm." }] },
          { type: "message", content: [{ text: "Yes." }] },
          { type: "function_call", call_id: "c", arguments: "{}" },
          { type: "function_call", call_id: "d", arguments: "{}" },
        ],
        usage: { input_tokens: 1, total_tokens: 3, cost_nano: "7" },
      },
    });
  });

  it("is incomplete when it was cut without a reason, and failed with its code when it broke", () => {
    const cut = createResponseEvents(name);
    const ended = eventsOf(cut.push(chunk({ content: "Ye" })) + cut.finish(cocoon)).at(-1);
    expect(ended).toMatchObject({ type: "response.incomplete", response: { status: "incomplete" } });
    const broken = createResponseEvents(name);
    const error = { code: "timeout", message: "Too late.", type: "api_error", param: null };
    const failed = eventsOf(broken.push(chunk({ content: "Ye" })) + broken.fail(error));
    expect(failed.at(-1)).toMatchObject({
      type: "response.failed",
      response: {
        status: "failed",
        error: { code: "timeout", message: "Too late." },
        output: [{ status: "incomplete" }],
      },
    });
    expect(eventsOf(createResponseEvents(name).fail(error)).map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.failed",
    ]);
  });
});
