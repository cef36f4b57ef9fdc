import { setTimeout as pause } from "node:timers/promises";
import type { Backend } from "../../../../relayer/worker/backends/backend";

/** What the next answers look like; a test changes it between requests. */
export interface Script {
  chunks: number;
  chunkBytes: number;
  /** Wait before each chunk. */
  delayMs: number;
  promptTokens: bigint;
  completionTokens: bigint;
}

export const SECRET_ANSWER = "the answer nobody but the developer reads";

/** A model that says the same words again and again, at the pace and cost a test asks for. */
export function scriptedBackend(script: Script): Backend {
  return {
    countPromptTokens: async () => ({ tokens: Number(script.promptTokens), isExact: false }),
    async *run(_request, signal) {
      yield { kind: "head", status: 200, contentType: "text/event-stream" };
      const piece = Buffer.from(`data: ${SECRET_ANSWER.padEnd(script.chunkBytes, ".")}\n\n`);
      for (let i = 0; i < script.chunks && !signal.aborted; i++) {
        if (script.delayMs > 0) {
          await pause(script.delayMs);
        }
        yield { kind: "data", bytes: piece };
      }
      const usage = {
        cachedTokens: 0n,
        reasoningTokens: 0n,
        promptTokens: script.promptTokens,
        completionTokens: script.completionTokens,
      };
      yield { kind: "usage", usage };
    },
    isHealthy: async () => true,
    close: async () => {},
  };
}
