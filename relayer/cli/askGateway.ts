import { Agent, request } from "undici";
import type { z } from "zod";
import { createSseSplitter } from "../client/openai/sseSplitter";
import { FinalError, RetryableError } from "../errors";

export interface Gateway {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

export interface Question {
  readonly model: string;
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
}

/** What a request brought. */
export interface GatewayAnswer {
  readonly text: string;
  readonly receiptId: string;
  readonly job: string;
  readonly costNano: bigint;
  readonly firstTokenMs: number;
  readonly totalMs: number;
}

const ANSWER_MS = 120_000;
const DATA = "data: ";

/** Sends one streamed chat request through the gateway, as any OpenAI client would. */
export async function askGateway(
  gateway: Gateway,
  question: Question,
  onText: (text: string) => void,
): Promise<GatewayAnswer> {
  const started = Date.now();
  const dispatcher = new Agent({ headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  try {
    const { statusCode, headers, body } = await request(`${gateway.baseUrl}/chat/completions`, {
      dispatcher,
      method: "POST",
      headers: { authorization: `Bearer ${gateway.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        ...question,
        stream: true,
        stream_options: { include_usage: true },
      }),
    }).catch(unreachable(gateway.baseUrl));
    if (statusCode !== 200) {
      throw await gatewayRefusal(statusCode, body);
    }
    let text = "";
    let costNano = 0n;
    let firstTokenMs = 0;
    for await (const chunk of chunksOf(body)) {
      if (chunk.error != null) {
        throw new RetryableError("BACKEND_UNAVAILABLE", `The answer broke off: ${chunk.error.message}`);
      }
      const piece = chunk.choices?.[0]?.delta?.content ?? "";
      if (piece !== "" && firstTokenMs === 0) {
        firstTokenMs = Date.now() - started;
      }
      text += piece;
      onText(piece);
      costNano = BigInt(chunk.usage?.cost_nano ?? costNano);
    }
    return {
      text,
      receiptId: String(headers["cocoon-receipt"] ?? ""),
      job: String(headers["cocoon-job"] ?? ""),
      costNano,
      firstTokenMs,
      totalMs: Date.now() - started,
    };
  } finally {
    await dispatcher.close();
  }
}

const LOOK_MS = 10_000;

/** One call of the gateway that is not an answer's: its JSON, as the schema reads it. */
export async function callGateway<T>(
  { baseUrl, apiKey }: Gateway,
  call: { readonly path: string; readonly schema: z.ZodType<T>; readonly body?: string | undefined },
): Promise<T> {
  const { statusCode, body } = await request(`${baseUrl}${call.path}`, {
    method: call.body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: call.body,
    headersTimeout: call.body === undefined ? LOOK_MS : ANSWER_MS,
    bodyTimeout: LOOK_MS,
  }).catch(unreachable(baseUrl));
  if (statusCode >= 300) {
    throw await gatewayRefusal(statusCode, body);
  }
  const parsed = call.schema.safeParse(await body.json().catch(() => undefined));
  if (!parsed.success) {
    throw new FinalError("BACKEND_REFUSED", `${baseUrl} is no gateway of Cocoon, or one of another version.`);
  }
  return parsed.data;
}

function unreachable(baseUrl: string): (cause: unknown) => never {
  return (cause) => {
    throw new RetryableError(
      "WORKER_UNAVAILABLE",
      `No gateway answers at ${baseUrl}: start one with \`cocoon gateway\` or \`cocoon up\`.`,
      {},
      { cause },
    );
  };
}

/** What the gateway said, as an error of ours. */
export async function gatewayRefusal(status: number, body: { text(): Promise<string> }): Promise<FinalError> {
  const text = await body.text();
  return new FinalError("BACKEND_REFUSED", `The gateway answered ${status}: ${messageIn(text) ?? text}`, {
    status,
  });
}

function messageIn(text: string): string | undefined {
  try {
    const message: unknown = JSON.parse(text)?.error?.message;
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly usage?: { readonly cost_nano?: string | number } | null;
  /** Ends an answer that failed after it had begun. */
  readonly error?: { readonly message?: string } | null;
}

/** The events of an answer. Throws `WORKER_UNAVAILABLE` for one that does not say that it is over. */
async function* chunksOf(body: AsyncIterable<Buffer>): AsyncGenerator<Chunk> {
  const events = createSseSplitter();
  for await (const bytes of unbroken(body)) {
    for (const event of events.push(bytes)) {
      const line = event
        .toString("utf8")
        .split("\n")
        .find((each) => each.startsWith(DATA));
      const data = line?.slice(DATA.length).trim();
      if (data === "[DONE]") {
        return;
      }
      if (data !== undefined) {
        yield JSON.parse(data);
      }
    }
  }
  throw brokenOff();
}

async function* unbroken(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (cause) {
    throw brokenOff(cause);
  }
}

function brokenOff(cause?: unknown): RetryableError {
  return new RetryableError(
    "WORKER_UNAVAILABLE",
    "The gateway went away before the answer ended: ask again.",
    {},
    { cause },
  );
}
