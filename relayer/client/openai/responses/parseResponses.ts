import { z } from "zod";
import { FinalError } from "../../../errors";
import { utf8ToBytes } from "../../../protocol";
import { inputSchema, toMessages, unsupported } from "./toMessages";

const functionTool = z.looseObject({
  type: z.literal("function"),
  name: z.string(),
  description: z.string().nullish(),
  parameters: z.unknown().optional(),
  strict: z.boolean().nullish(),
});
const format = z.union([
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({ type: z.literal("json_schema"), name: z.string(), schema: z.unknown() }),
]);

/** What is translated or given back; every other field passes through to the backend. */
const schema = z.looseObject({
  model: z.string().min(1).max(256),
  input: inputSchema,
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.looseObject({ type: z.string(), name: z.string().optional() }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_logprobs: z.int().min(0).nullish(),
  text: z.looseObject({ format: format.nullish(), verbosity: z.string().nullish() }).nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  include: z.array(z.string()).nullish(),
});
type ResponsesBody = z.infer<typeof schema>;

const KEEPS_NOTHING = "No response is kept here: send the earlier items again as input.";
/** Asked for by any value but `null` and `false`. */
const REFUSED: Readonly<Record<string, string>> = {
  previous_response_id: KEEPS_NOTHING,
  conversation: KEEPS_NOTHING,
  store: "No response is kept here: leave `store` out, or send false.",
  prompt: "No prompt templates are kept here: send instructions and input.",
  background: "Nothing is made in the background: send a request and read its answer.",
  context_management: "The context is yours to manage: send the input that shall be read.",
  n: "A response holds one answer: send several requests.",
};
/** Of the responses API alone: a chat's backend knows none of them. */
const CONSUMED: ReadonlySet<string> = new Set([
  ...Object.keys(REFUSED),
  "input",
  "instructions",
  "max_output_tokens",
  "text",
  "reasoning",
  "include",
  "metadata",
  "truncation",
  "stream_options",
  "tools",
  "tool_choice",
]);
const LOGPROBS = "message.output_text.logprobs";

/** The fields of the request that its response repeats. */
export type Echo = Readonly<Record<string, unknown>>;

export interface ParsedResponses {
  /** The same request to `/v1/chat/completions`: this is what is sealed, and what the receipt is about. */
  readonly chatBody: Uint8Array;
  readonly echo: Echo;
}

/**
 * Translates a request of the responses API. Throws `BAD_REQUEST`, or `UNSUPPORTED_PARAMETER` for what a chat cannot
 * give, each with the field as `param`.
 */
export function parseResponses(bytes: Uint8Array): ParsedResponses {
  const body = parseBody(bytes);
  for (const [param, message] of Object.entries(REFUSED)) {
    if (body[param] !== undefined && body[param] !== null && body[param] !== false) {
      throw unsupported(param, message);
    }
  }
  if (body.truncation === "auto") {
    throw unsupported("truncation", "Nothing is cut here: send an input that fits the model's context.");
  }
  return { chatBody: utf8ToBytes(JSON.stringify(chatOf(body))), echo: echoOf(body) };
}

function parseBody(bytes: Uint8Array): ResponsesBody {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch {
    throw new FinalError("BAD_REQUEST", "The body is not valid JSON.");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.join(".") || undefined;
    const what = param === undefined ? "body" : `field ${param}`;
    throw new FinalError("BAD_REQUEST", `The ${what} is missing or not valid: ${issue?.message}`, { param });
  }
  return parsed.data;
}

function chatOf(body: ResponsesBody): object {
  const passed = Object.entries(body).filter(([name, value]) => !CONSUMED.has(name) && value !== null);
  const wantsLogprobs = body.include?.includes(LOGPROBS) === true || (body.top_logprobs ?? 0) > 0;
  return {
    ...Object.fromEntries(passed),
    messages: toMessages(body.input, body.instructions),
    ...given("max_tokens", body.max_output_tokens),
    ...given("tools", body.tools?.map(toTool)),
    ...given("tool_choice", toToolChoice(body.tool_choice)),
    ...given("response_format", toFormat(body.text?.format)),
    ...given("verbosity", body.text?.verbosity),
    ...given("reasoning_effort", body.reasoning?.effort),
    ...(wantsLogprobs ? { logprobs: true } : {}),
    ...(body.stream === true ? { stream_options: { include_usage: true } } : {}),
  };
}

function given(name: string, value: unknown): object {
  return value === undefined || value === null ? {} : { [name]: value };
}

function toTool(tool: object, index: number): object {
  const parsed = functionTool.safeParse(tool);
  if (!parsed.success) {
    throw unsupported(
      `tools.${index}.type`,
      "Only tools of type function are supported: nothing runs tools here.",
    );
  }
  const { name, description, parameters, strict } = parsed.data;
  return {
    type: "function",
    function: {
      name,
      ...given("description", description),
      ...given("parameters", parameters),
      ...given("strict", strict),
    },
  };
}

function toToolChoice(choice: ResponsesBody["tool_choice"]): unknown {
  if (typeof choice !== "object" || choice === null) {
    return choice;
  }
  if (choice.type !== "function" || choice.name === undefined) {
    throw unsupported("tool_choice", "Choose a function by its name, or none, auto or required.");
  }
  return { type: "function", function: { name: choice.name } };
}

function toFormat(chosen: z.infer<typeof format> | null | undefined): unknown {
  if (chosen === undefined || chosen === null || chosen.type === "text") {
    return undefined;
  }
  const { type, ...schemaOf } = chosen;
  return type === "json_object" ? { type } : { type, json_schema: schemaOf };
}

function echoOf(body: ResponsesBody): Echo {
  return {
    model: body.model,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    reasoning: body.reasoning ?? { effort: null, summary: null },
    store: false,
    temperature: body.temperature ?? null,
    text: body.text ?? { format: { type: "text" } },
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    top_p: body.top_p ?? null,
    truncation: "disabled",
    previous_response_id: null,
  };
}
