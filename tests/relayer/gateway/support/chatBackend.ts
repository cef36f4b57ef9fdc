import { setTimeout as pause } from "node:timers/promises";
import type { Backend } from "../../../../relayer/worker/backends/backend";

/** What the next answers look like; a test changes it between requests. */
export interface Script {
  words: readonly string[];
  /** Wait before each word. */
  delayMs: number;
  /** Wait before the first one. */
  startMs?: number;
  status: number;
  /** What the next answers are called. */
  id?: string | undefined;
  /** How many requests it has run. */
  runs?: number;
}

export const PROMPT_TOKENS = 10n;

/** A model in OpenAI's shape that says the script's words, one token each, and stops when it is told to. */
export function chatBackend(script: Script): Backend {
  return {
    countPromptTokens: async () => ({ tokens: Number(PROMPT_TOKENS), isExact: true }),
    async *run(request, signal) {
      script.runs = (script.runs ?? 0) + 1;
      if (script.status >= 400) {
        yield { kind: "head", status: script.status, contentType: "application/json" };
        const error = {
          message: "The model cannot do that.",
          type: "invalid_request_error",
          param: null,
          code: null,
        };
        yield { kind: "data", bytes: Buffer.from(JSON.stringify({ error })) };
        return;
      }
      const contentType = request.isStream ? "text/event-stream" : "application/json";
      yield { kind: "head", status: 200, contentType };
      const base = { id: script.id ?? "chatcmpl-1", created: 1, model: request.body.model };
      let said = "";
      let count = 0n;
      for (const word of script.words) {
        const waitMs = script.delayMs + (count === 0n ? (script.startMs ?? 0) : 0);
        if (waitMs > 0) {
          await pause(waitMs, undefined, { signal }).catch(() => undefined);
        }
        if (signal.aborted) {
          break;
        }
        said += word;
        count += 1n;
        if (request.isStream) {
          const choices = [{ index: 0, delta: { content: word }, finish_reason: null }];
          yield event({ ...base, object: "chat.completion.chunk", choices });
        }
      }
      const usage = { prompt_tokens: 10, completion_tokens: Number(count), total_tokens: 10 + Number(count) };
      if (request.isStream) {
        const choices = [{ index: 0, delta: {}, finish_reason: "stop" }];
        yield event({ ...base, object: "chat.completion.chunk", choices });
        if (request.includeUsage) {
          yield event({ ...base, object: "chat.completion.chunk", choices: [], usage });
        }
        yield { kind: "data", bytes: Buffer.from("data: [DONE]\n\n") };
      } else {
        const message = { role: "assistant", content: said };
        const choices =
          request.endpoint === "chat"
            ? [{ index: 0, message, finish_reason: "stop" }]
            : [{ index: 0, text: said, finish_reason: "stop" }];
        const object = request.endpoint === "chat" ? "chat.completion" : "text_completion";
        yield { kind: "data", bytes: Buffer.from(JSON.stringify({ ...base, object, choices, usage })) };
      }
      yield {
        kind: "usage",
        usage: {
          promptTokens: PROMPT_TOKENS,
          cachedTokens: 0n,
          completionTokens: count,
          reasoningTokens: 0n,
        },
      };
    },
    isHealthy: async () => true,
    close: async () => {},
  };
}

function event(chunk: object) {
  return { kind: "data", bytes: Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`) } as const;
}
