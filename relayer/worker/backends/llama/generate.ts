import type { PlannedRequest } from "../backend";
import type { FinishReason } from "./answerShapes";
import type { ChatHistoryItem, ChatWrapper, LlamaContextSequence, LlamaLibrary } from "./loadLibrary";
import { type ChatMessages, readInput, readSampling } from "./parameters";

/** How an answer ended and how many tokens it had. */
export interface Generated {
  readonly reason: FinishReason;
  readonly tokens: number;
}

/** Runs the model on one sequence, which must be empty. An abort ends it early without a throw. */
export async function generate(
  deps: { readonly library: LlamaLibrary; readonly chatWrapper: ChatWrapper },
  sequence: LlamaContextSequence,
  request: PlannedRequest,
  on: { readonly signal: AbortSignal; readonly text: (text: string) => void },
): Promise<Generated> {
  const input = readInput(request);
  const before = sequence.tokenMeter.getState();
  const options = {
    ...readSampling(request),
    maxTokens: request.maxTokens,
    signal: on.signal,
    stopOnAbortSignal: true,
    onTextChunk: on.text,
  };
  let stopReason: string;
  if (input.kind === "chat") {
    const { chatWrapper } = deps;
    const session = new deps.library.LlamaChatSession({
      contextSequence: sequence,
      chatWrapper,
      autoDisposeSequence: false,
    });
    // Also with an empty history: unset, the library puts a system prompt of its own in front.
    session.setChatHistory(toHistory(input.history));
    ({ stopReason } = await session.promptWithMeta(input.prompt, options));
    session.dispose({ disposeSequence: false });
  } else {
    const completion = new deps.library.LlamaCompletion({
      contextSequence: sequence,
      autoDisposeSequence: false,
    });
    const answer = await completion.generateCompletionWithMeta(input.prompt, {
      ...options,
      disableContextShift: true,
    });
    stopReason = answer.metadata.stopReason;
    completion.dispose({ disposeSequence: false });
  }
  const { usedOutputTokens } = sequence.tokenMeter.diff(before);
  return {
    reason: stopReason === "maxTokens" ? "length" : "stop",
    tokens: Math.min(usedOutputTokens, request.maxTokens),
  };
}

/** A conversation in the library's form. */
export function toHistory(messages: ChatMessages): ChatHistoryItem[] {
  return messages.map(({ role, content }) => {
    switch (role) {
      case "user":
        return { type: "user", text: content };
      case "assistant":
        return { type: "model", response: [content] };
      case "system":
      case "developer":
        return { type: "system", text: content };
      default: {
        const impossible: never = role;
        throw new TypeError(`unknown role ${String(impossible)}`);
      }
    }
  });
}
