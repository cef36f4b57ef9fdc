import { createServer, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";

const SAID = ["Hello", " from", " the", " backend"];
const CITY = { city: "Bern" };
const USAGE = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };

const bodySchema = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).optional(),
  messages: z.array(z.looseObject({ role: z.string() })).optional(),
  input: z.union([z.string(), z.array(z.string())]).optional(),
  prompt: z.union([z.string(), z.array(z.string())]).optional(),
  encoding_format: z.string().optional(),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).optional(),
  tool_choice: z.unknown().optional(),
  response_format: z.looseObject({ type: z.string() }).optional(),
  n: z.number().optional(),
  logprobs: z.union([z.boolean(), z.number()]).optional(),
  temperature: z.number().optional(),
  reasoning_effort: z.string().optional(),
});
export type SeenBody = z.infer<typeof bodySchema>;

/** A server that speaks OpenAI's API as vLLM does, with answers that follow from the request alone. */
export interface OpenAiServer {
  /** Up to and with `/v1`. */
  readonly url: string;
  /** What reached it last. */
  last(): SeenBody;
  /** Wait before each chunk, or before a whole answer. */
  delayMs: number;
  close(): Promise<void>;
}

export async function startOpenAiServer(): Promise<OpenAiServer> {
  let seen: SeenBody = { model: "" };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(Buffer.from(chunk));
    }
    if (request.method !== "POST") {
      send(response, 200, { object: "list", data: [] });
      return;
    }
    seen = bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
    if (request.url?.endsWith("/embeddings")) {
      send(response, 200, embeddings(seen));
    } else if ((seen.temperature ?? 0) > 2) {
      const message = "temperature must be at most 2.";
      send(response, 400, {
        error: { message, type: "invalid_request_error", param: "temperature", code: "out_of_range" },
      });
    } else if (request.url?.endsWith("/v1/completions")) {
      sendTexts(response, seen);
    } else if (seen.stream === true) {
      await stream(response, seen, backend.delayMs);
    } else {
      await pause(backend.delayMs);
      send(response, 200, whole(seen));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const backend: OpenAiServer = {
    url: `http://127.0.0.1:${port}/v1`,
    last: () => seen,
    delayMs: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return backend;
}

/** Calls the tools it was given once; says something as soon as their results are there. */
function wantsTools(body: SeenBody): boolean {
  return body.tools !== undefined && body.messages?.at(-1)?.role !== "tool";
}

function textOf(body: SeenBody): readonly string[] {
  return body.response_format?.type === "json_schema" ? [JSON.stringify(CITY)] : SAID;
}

function callsOf(body: SeenBody) {
  return (body.tools ?? []).map((tool, index) => ({
    index,
    id: `call_${index}`,
    type: "function",
    function: { name: tool.function.name, arguments: JSON.stringify(CITY) },
  }));
}

/** A model thinks where it is asked to. */
function thoughtOf(body: SeenBody): object {
  return body.reasoning_effort === undefined ? {} : { reasoning_content: "Hm." };
}

function whole(body: SeenBody) {
  const content = textOf(body).join("");
  const message = wantsTools(body)
    ? {
        role: "assistant",
        ...thoughtOf(body),
        content: null,
        tool_calls: callsOf(body).map(({ index: _, ...call }) => call),
      }
    : { role: "assistant", ...thoughtOf(body), content };
  const finish = wantsTools(body) ? "tool_calls" : "stop";
  const logprobs =
    body.logprobs === true
      ? { content: [{ token: "Hello", logprob: -0.5, bytes: null, top_logprobs: [] }] }
      : null;
  return {
    id: "chatcmpl-7",
    object: "chat.completion",
    created: 1,
    model: body.model,
    choices: Array.from({ length: body.n ?? 1 }, (_, index) => ({
      index,
      message,
      logprobs,
      finish_reason: finish,
    })),
    usage: USAGE,
  };
}

async function stream(response: ServerResponse, body: SeenBody, delayMs: number): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const base = { id: "chatcmpl-7", object: "chat.completion.chunk", created: 1, model: body.model };
  const say = (delta: object, finish_reason: string | null = null) =>
    response.write(`data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
  const isTools = wantsTools(body);
  if (body.reasoning_effort !== undefined) {
    say(thoughtOf(body));
  }
  for (const piece of isTools ? callsOf(body) : textOf(body)) {
    if (delayMs > 0) {
      await pause(delayMs);
    }
    say(typeof piece === "string" ? { content: piece } : { role: "assistant", tool_calls: [piece] });
  }
  say({}, isTools ? "tool_calls" : "stop");
  if (body.stream_options?.include_usage === true) {
    response.write(`data: ${JSON.stringify({ ...base, choices: [], usage: USAGE })}\n\n`);
  }
  response.end("data: [DONE]\n\n");
}

/** One text for each prompt and choice, as the older API has it. */
function sendTexts(response: ServerResponse, body: SeenBody): void {
  const prompts = Array.isArray(body.prompt) ? body.prompt.length : 1;
  const indexes = Array.from({ length: prompts * (body.n ?? 1) }, (_, index) => index);
  const base = { id: "cmpl-7", object: "text_completion", created: 1, model: body.model };
  const logprobs =
    body.logprobs === undefined ? null : { tokens: ["Hello"], token_logprobs: [-0.5], text_offset: [0] };
  if (body.stream !== true) {
    const text = SAID.join("");
    const choices = indexes.map((index) => ({ index, text, logprobs, finish_reason: "stop" }));
    send(response, 200, { ...base, choices, usage: USAGE });
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const say = (chunk: object) => response.write(`data: ${JSON.stringify({ ...base, ...chunk })}\n\n`);
  for (const index of indexes) {
    for (const text of SAID) {
      say({ choices: [{ index, text, logprobs, finish_reason: null }] });
    }
    say({ choices: [{ index, text: "", logprobs: null, finish_reason: "stop" }] });
  }
  if (body.stream_options?.include_usage === true) {
    say({ choices: [], usage: USAGE });
  }
  response.end("data: [DONE]\n\n");
}

function embeddings(body: SeenBody) {
  const inputs = typeof body.input === "string" ? [body.input] : (body.input ?? []);
  const vector = (text: string) => [text.length, 0.5];
  const encode = (text: string) =>
    body.encoding_format === "base64"
      ? Buffer.from(new Float32Array(vector(text)).buffer).toString("base64")
      : vector(text);
  return {
    object: "list",
    model: body.model,
    data: inputs.map((text, index) => ({ object: "embedding", index, embedding: encode(text) })),
    usage: { prompt_tokens: 6, total_tokens: 6 },
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
