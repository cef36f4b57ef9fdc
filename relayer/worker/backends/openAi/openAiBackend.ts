import { Pool } from "undici";
import { CocoonError, RetryableError } from "../../../errors";
import { type HttpAnswer, sendRequest } from "../../../http/sendRequest";
import type { Backend, BackendEvent, PlannedRequest } from "../backend";
import { countPrompt } from "./countPrompt";
import { type Deadlines, startDeadlines } from "./deadlines";
import { DEFAULT_TIMEOUTS, type OpenAiBackendOptions } from "./options";
import { requestBody } from "./requestBody";
import { countedUsage, streamAnswer } from "./streamAnswer";
import { readUsage } from "./usage";

export type { BackendTimeouts, OpenAiBackendOptions } from "./options";

const MAX_CONNECTIONS = 256;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const HEALTH_TIMEOUT_MS = 2_000;
const PATHS = { chat: "chat/completions", completions: "completions", embeddings: "embeddings" } as const;

/** Any server that speaks OpenAI's API: vLLM, SGLang, Ollama, llama.cpp. Its answers are passed on byte for byte. */
export function createOpenAiBackend(options: OpenAiBackendOptions): Backend {
  const base = new URL(options.url);
  const prefix = base.pathname.endsWith("/") ? base.pathname.slice(0, -1) : base.pathname;
  const times = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const pool = new Pool(base.origin, {
    connections: options.maxConnections ?? MAX_CONNECTIONS,
    connect: { timeout: times.connectMs },
    // `startDeadlines` keeps the time, finer than undici does.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const headers = {
    "content-type": "application/json",
    ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
  };

  async function* call(request: PlannedRequest, deadlines: Deadlines): AsyncGenerator<BackendEvent> {
    const sent = sendRequest(pool, {
      method: "POST",
      path: `${prefix}/${PATHS[request.endpoint]}`,
      headers,
      body: requestBody(request, options),
    });
    deadlines.onEnd(sent.abort);
    const response = await sent.answer;
    const status = response.statusCode;
    if (status >= 500 || status < 200 || (status >= 300 && status < 400)) {
      const failed = new RetryableError("BACKEND_UNAVAILABLE", "The backend failed.", { status });
      response.abort(failed);
      throw failed;
    }
    const contentType = String(response.headers["content-type"] ?? "application/json");
    const isStream = request.isStream && contentType.startsWith("text/event-stream");
    if (isStream && status === 200) {
      yield { kind: "head", status, contentType };
      yield* streamAnswer(request, response, deadlines);
      return;
    }
    const bytes = await readAll(response);
    if (status === 200) {
      yield { kind: "usage", usage: readUsage(bytes) ?? countedUsage(request) };
    }
    yield { kind: "head", status, contentType };
    yield { kind: "data", bytes };
  }

  return {
    countPromptTokens: (request) => countPrompt(pool, options, request),
    async *run(request, signal) {
      const deadlines = startDeadlines(signal, times, request.isStream);
      try {
        // What was counted before the run is owed even when the client goes before the first byte.
        yield { kind: "usage", usage: countedUsage(request) };
        yield* call(request, deadlines);
      } catch (thrown) {
        if (signal.aborted) {
          return;
        }
        throw deadlines.expired() ?? asBackendError(thrown);
      } finally {
        deadlines.stop();
      }
    },
    async isHealthy() {
      try {
        const response = await pool.request({
          method: "GET",
          path: `${prefix}/models`,
          headers,
          headersTimeout: HEALTH_TIMEOUT_MS,
          bodyTimeout: HEALTH_TIMEOUT_MS,
        });
        await response.body.dump();
        return response.statusCode < 500;
      } catch {
        return false;
      }
    },
    close: () => pool.destroy(),
  };
}

async function readAll(response: HttpAnswer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await response.next(); chunk !== undefined; chunk = await response.next()) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) {
      const tooLarge = new RetryableError("BACKEND_UNAVAILABLE", "The backend's answer is too large.", {
        length,
      });
      response.abort(tooLarge);
      throw tooLarge;
    }
    chunks.push(chunk);
  }
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length);
}

function asBackendError(thrown: unknown): CocoonError {
  return thrown instanceof CocoonError
    ? thrown
    : new RetryableError("BACKEND_UNAVAILABLE", "The backend does not answer.", {}, { cause: thrown });
}
