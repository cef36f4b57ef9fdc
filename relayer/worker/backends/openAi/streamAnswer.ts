import { randomUUID } from "node:crypto";
import { RetryableError } from "../../../errors";
import type { HttpAnswer } from "../../../http/sendRequest";
import type { Usage } from "../../../protocol";
import type { BackendEvent, PlannedRequest } from "../backend";
import type { Deadlines } from "./deadlines";
import { createSseRelay, type SseRelay } from "./sseRelay";
import { writeUsage } from "./usage";

const DONE = "data: [DONE]\n\n";
const END_MS = 1_000;

/**
 * Passes a stream on, whole events at a time, and completes it when the backend left out its end. A stream that breaks
 * off before any finish reason is a failure.
 */
export async function* streamAnswer(
  request: PlannedRequest,
  response: HttpAnswer,
  deadlines: Deadlines,
): AsyncGenerator<BackendEvent> {
  const relay = createSseRelay({ includeUsage: request.includeUsage });
  const limit = request.maxTokens * request.choices;
  let failure: unknown;
  let isCut = false;
  try {
    for (let chunk = await response.next(); chunk !== undefined; chunk = await response.next()) {
      deadlines.chunk();
      const bytes = relay.push(chunk);
      if (bytes !== undefined) {
        yield { kind: "data", bytes };
      }
      const { completion, reasoning } = relay.deltas();
      // A delta holds one token or more, so this backend does not keep to `max_tokens`.
      if (completion + reasoning > limit) {
        isCut = true;
        break;
      }
      if (relay.hasEnded()) {
        break;
      }
    }
  } catch (thrown) {
    failure = thrown;
  } finally {
    if (relay.hasEnded()) {
      void awaitEnd(response);
    } else {
      response.abort(new Error("the rest is not wanted"));
    }
  }
  const usage = relay.usage() ?? countedUsage(request, relay);
  yield { kind: "usage", usage };
  if (failure !== undefined || deadlines.hasEnded()) {
    throw failure ?? new RetryableError("BACKEND_UNAVAILABLE", "The backend's answer was cut.");
  }
  if (!relay.hasFinished() && !relay.hasEnded() && !isCut) {
    throw new RetryableError("BACKEND_UNAVAILABLE", "The backend's stream ended before its answer did.");
  }
  yield { kind: "data", bytes: Buffer.from(missingEnd(request, relay, usage)) };
}

/** What has said its last word has a moment to end, so that its connection can serve again. */
async function awaitEnd(response: HttpAnswer): Promise<void> {
  const timer = setTimeout(() => response.abort(new Error("the answer does not end")), END_MS);
  try {
    while ((await response.next()) !== undefined) {
      // nothing is expected here
    }
  } catch {
    // the answer is whole without it
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Without a reported usage the content deltas are billed, which are never more than the tokens. A prompt is billed only
 * when it was counted exactly.
 */
export function countedUsage(request: PlannedRequest, relay?: Pick<SseRelay, "deltas">): Usage {
  const { completion, reasoning } = relay?.deltas() ?? { completion: 0, reasoning: 0 };
  const { tokens, isExact } = request.promptTokens;
  return {
    promptTokens: isExact ? BigInt(tokens) : 0n,
    cachedTokens: 0n,
    completionTokens: BigInt(completion),
    reasoningTokens: BigInt(reasoning),
  };
}

function missingEnd(request: PlannedRequest, relay: SseRelay, usage: Usage): string {
  const isChat = request.endpoint === "chat";
  const base = {
    id: `${isChat ? "chatcmpl" : "cmpl"}-${randomUUID()}`,
    object: isChat ? "chat.completion.chunk" : "text_completion",
    created: 0,
    model: request.body.model,
  };
  let end = "";
  if (!relay.hasFinished()) {
    const reason = relay.hasEnded() ? "stop" : "length";
    const choice = isChat
      ? { index: 0, delta: {}, finish_reason: reason }
      : { index: 0, text: "", finish_reason: reason };
    end += `data: ${JSON.stringify({ ...base, choices: [choice] })}\n\n`;
  }
  if (request.includeUsage && relay.usage() === undefined) {
    end += `data: ${JSON.stringify({ ...base, choices: [], usage: writeUsage(usage) })}\n\n`;
  }
  return end + DONE;
}
