import { Agent, request } from "undici";
import type { z } from "zod";
import { FinalError, RetryableError } from "../../errors";
import { replySchema } from "./schemas";

/** An answer larger than this is an attack or a mistake: a page of transactions is far below. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;

export interface Endpoint {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly agent: Agent;
}

export function createAgent(timeoutMs: number): Agent {
  return new Agent({
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
}

/** One JSON-RPC call; its answer is checked against `schema`. */
export async function call<S extends z.ZodType>(
  endpoint: Endpoint,
  method: string,
  params: Readonly<Record<string, unknown>>,
  schema: S,
): Promise<z.output<S>> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: "1", method, params });
  const { status, answer } = await exchange(endpoint, endpoint.url, { method: "POST", body }, method);
  const reply = replySchema.safeParse(answer);
  if (!reply.success || !reply.data.ok) {
    throw refusal(method, status, reply.success ? String(reply.data.error ?? "") : "no JSON-RPC answer");
  }
  return checked(schema, reply.data.result, method);
}

/** A plain GET, for the indexer's API. */
export async function getJson<S extends z.ZodType>(
  endpoint: Endpoint,
  url: string,
  schema: S,
): Promise<z.output<S>> {
  const { status, answer } = await exchange(endpoint, url, { method: "GET" }, "index");
  if (status >= 400) {
    throw refusal("index", status, "");
  }
  return checked(schema, answer, "index");
}

export function headersOf(endpoint: Endpoint): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(endpoint.apiKey === undefined ? {} : { "x-api-key": endpoint.apiKey }),
  };
}

async function exchange(
  endpoint: Endpoint,
  url: string,
  options: { readonly method: "GET" | "POST"; readonly body?: string },
  method: string,
): Promise<{ readonly status: number; readonly answer: unknown }> {
  try {
    const response = await request(url, {
      ...options,
      headers: headersOf(endpoint),
      dispatcher: endpoint.agent,
      signal: AbortSignal.timeout(endpoint.timeoutMs),
    });
    const text = await response.body.text();
    return { status: response.statusCode, answer: parseJson(text) };
  } catch (error) {
    throw unavailable(method, error instanceof Error ? error.message : String(error), undefined, error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checked<S extends z.ZodType>(schema: S, value: unknown, method: string): z.output<S> {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw unavailable(method, "an answer of unexpected shape", undefined, result.error);
  }
  return result.data;
}

function refusal(method: string, status: number, detail: string) {
  const exit = /exitcode=(-?\d+)/.exec(detail)?.[1];
  const notApplied = /cannot apply external message|was not accepted/i.test(detail);
  if (exit !== undefined || notApplied) {
    return new FinalError("CHAIN_REJECTED", "The account refused the external message before executing it.", {
      method,
      exitCode: exit === undefined ? undefined : Number(exit),
    });
  }
  if (status === TOO_MANY_REQUESTS || status >= SERVER_ERROR || status < 400) {
    return unavailable(method, detail, status);
  }
  return new FinalError(
    "CHAIN_REJECTED",
    `The chain's endpoint refused ${method}: ${detail.slice(0, 200)}.`,
    {
      method,
      status,
    },
  );
}

function unavailable(method: string, detail: string, status?: number, cause?: unknown) {
  return new RetryableError(
    "CHAIN_UNAVAILABLE",
    `The chain's endpoint did not answer ${method}: ${detail.slice(0, 200)}.`,
    { method, status },
    { cause },
  );
}
