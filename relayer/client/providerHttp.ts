import { type Dispatcher, Pool } from "undici";
import { type CocoonError, ERROR_CODES, type ErrorCode, FinalError, RetryableError } from "../errors";
import { type HttpAnswer, type SentRequest, sendRequest } from "../http/sendRequest";
import type { Policy } from "./policy";

/** Sockets per provider: as many answers as one job's worker runs at once, and some. */
const MAX_SOCKETS = 256;
/** Endpoints taken apart and remembered: more than a network has providers. */
const MAX_TARGETS = 4_096;
/** A list of 32 workers with their evidence; quotes are some 8 KiB each. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 16 * 1024;
const JSON_TIMEOUT_MS = 10_000;

/** HTTP to providers: one pool of sockets each, every wait bounded. */
export interface ProviderHttp {
  /** Sends at once; `answer` throws undici's error. */
  send(endpoint: string, options: Dispatcher.DispatchOptions): SentRequest;
  /** A small JSON exchange, parsed by the schema. Throws `WORKER_UNAVAILABLE` or what the provider said. */
  json<T>(endpoint: string, call: JsonCall<T>): Promise<T>;
  close(): Promise<void>;
}

export interface JsonCall<T> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly schema: { parse(value: unknown): T };
}

export function createProviderHttp(
  policy: Pick<Policy, "connectMs" | "interFrameMs" | "firstByteMs">,
): ProviderHttp {
  const pools = new Map<string, Pool>();
  const targets = new Map<string, { readonly pool: Pool; readonly prefix: string }>();
  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known !== undefined) {
      return known;
    }
    const pool = new Pool(origin, {
      connections: MAX_SOCKETS,
      connect: { timeout: policy.connectMs },
      headersTimeout: policy.firstByteMs,
      bodyTimeout: policy.interFrameMs,
    });
    pools.set(origin, pool);
    return pool;
  };
  const targetOf = (endpoint: string) => {
    const known = targets.get(endpoint);
    if (known !== undefined) {
      return known;
    }
    const url = new URL(endpoint);
    const target = { pool: poolOf(url.origin), prefix: url.pathname === "/" ? "" : url.pathname };
    if (targets.size >= MAX_TARGETS) {
      targets.clear();
    }
    targets.set(endpoint, target);
    return target;
  };
  const send: ProviderHttp["send"] = (endpoint, options) => {
    const { pool, prefix } = targetOf(endpoint);
    return sendRequest(pool, { ...options, path: prefix + options.path });
  };
  return {
    send,
    async json(endpoint, call) {
      const body = call.body === undefined ? undefined : JSON.stringify(call.body);
      const answer = await send(endpoint, {
        method: call.method,
        path: call.path,
        headersTimeout: JSON_TIMEOUT_MS,
        bodyTimeout: JSON_TIMEOUT_MS,
        ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
      }).answer.catch(unreachable);
      if (answer.statusCode >= 400) {
        throw await refusalOf(answer);
      }
      const text = await readText(answer, MAX_JSON_BYTES);
      try {
        return call.schema.parse(text === "" ? null : JSON.parse(text));
      } catch (cause) {
        throw new RetryableError(
          "WORKER_UNAVAILABLE",
          "The provider's answer is not of the agreed shape.",
          { path: call.path },
          { cause },
        );
      }
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

export function unreachable(cause: unknown): never {
  throw unreachableError(cause);
}

/** A failure of the transport: another provider may do better. */
export function unreachableError(cause: unknown): CocoonError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  return code.includes("TIMEOUT")
    ? new RetryableError("TIMEOUT", "The provider did not answer in time.", { code }, { cause })
    : new RetryableError("WORKER_UNAVAILABLE", "The provider cannot be reached.", { code }, { cause });
}

async function readText(answer: HttpAnswer, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let chunk = await next(answer); chunk !== undefined; chunk = await next(answer)) {
    size += chunk.length;
    if (size > limit) {
      const tooLarge = new RetryableError("WORKER_UNAVAILABLE", "The provider's answer is too large.", {
        limit,
      });
      answer.abort(tooLarge);
      throw tooLarge;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString("utf8");
}

function next(answer: HttpAnswer): Promise<Uint8Array | undefined> {
  return answer.next().catch(unreachable);
}

/** What a provider said before the first frame, as an error of ours. Its words are not trusted to be short or clean. */
export async function refusalOf(answer: HttpAnswer): Promise<CocoonError> {
  const text = await readText(answer, MAX_ERROR_BYTES).catch(() => "");
  const { code, message } = parseRefusal(text);
  const status = answer.statusCode;
  const facts = { status };
  if (code === undefined) {
    return new RetryableError("WORKER_UNAVAILABLE", "The provider failed without saying why.", facts);
  }
  return status === 429 || status >= 500
    ? new RetryableError(code, message, facts)
    : new FinalError(code, message, facts);
}

const MAX_MESSAGE = 300;

function parseRefusal(text: string): { readonly code: ErrorCode | undefined; readonly message: string } {
  let error: unknown;
  try {
    const parsed: unknown = JSON.parse(text);
    error = typeof parsed === "object" && parsed !== null && "error" in parsed ? parsed.error : undefined;
  } catch {
    error = undefined;
  }
  if (typeof error !== "object" || error === null) {
    return { code: undefined, message: "" };
  }
  const said = "code" in error ? error.code : undefined;
  const words = "message" in error && typeof error.message === "string" ? error.message : "";
  return {
    code: ERROR_CODES.find((known) => known === said),
    message: words.slice(0, MAX_MESSAGE) || "The provider refused the request.",
  };
}
