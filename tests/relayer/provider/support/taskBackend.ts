import { FinalError, RetryableError } from "../../../../relayer/errors";
import type { Backend } from "../../../../relayer/worker/backends/backend";

/** A model that says what the last message tells it to, and counts how often it was asked. */
export interface TaskModel {
  asked: string[];
  /** Nothing works. */
  down: boolean;
  /** Awaited before each answer. */
  gate: Promise<void>;
}

export const LONG_ANSWER = "long ".repeat(4_000);

export function taskBackend(model: TaskModel): Backend {
  return {
    countPromptTokens: async ({ body }) => {
      const tokens = JSON.stringify(body.messages).length;
      return { tokens, isExact: true };
    },
    async *run({ body, maxTokens }) {
      const text = String(body.messages?.at(-1)?.content);
      model.asked.push(text);
      await model.gate;
      if (model.down) {
        throw new RetryableError("BACKEND_UNAVAILABLE", "The model is down.");
      }
      if (text.includes("forbidden")) {
        throw new FinalError("BACKEND_REFUSED", "The model will not.");
      }
      yield { kind: "head", status: 200, contentType: "application/json" };
      const said = answerTo(text, maxTokens);
      const choices = [{ index: 0, message: { role: "assistant", content: said }, finish_reason: "stop" }];
      yield { kind: "data", bytes: Buffer.from(JSON.stringify({ object: "chat.completion", choices })) };
      const usage = { promptTokens: 1n, cachedTokens: 0n, completionTokens: 1n, reasoningTokens: 0n };
      yield { kind: "usage", usage };
    },
    isHealthy: async () => true,
    close: async () => {},
  };
}

export function answerTo(text: string, maxTokens = 0): string {
  if (text.includes("guest book")) {
    return text.includes("buy") ? "yes" : "no";
  }
  if (text === "how many tokens?") {
    return String(maxTokens);
  }
  return text === "much, please" ? LONG_ANSWER : `you said: ${text}`;
}
