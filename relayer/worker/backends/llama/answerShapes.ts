import { randomUUID } from "node:crypto";
import type { Usage } from "../../../protocol";
import type { PlannedRequest } from "../backend";
import { writeUsage } from "../openAi/usage";

export type FinishReason = "stop" | "length";

/** One answer in OpenAI's shapes; the endpoint decides which. */
export interface AnswerShapes {
  /** The chunk that opens a stream, where the endpoint has one. */
  first(): string;
  piece(text: string): string;
  /** Finish reason, usage where asked for, and `[DONE]`. */
  end(reason: FinishReason, usage: Usage): string;
  whole(text: string, reason: FinishReason, usage: Usage): string;
}

export function createAnswerShapes(request: PlannedRequest, createdAt: number): AnswerShapes {
  const isChat = request.endpoint === "chat";
  const base = {
    id: `${isChat ? "chatcmpl" : "cmpl"}-${randomUUID()}`,
    created: createdAt,
    model: request.body.model,
  };
  const chunk = (fields: object): string =>
    `data: ${JSON.stringify({ ...base, object: isChat ? "chat.completion.chunk" : "text_completion", ...fields })}\n\n`;
  const choice = (fields: object, reason: FinishReason | null) => ({
    choices: [{ index: 0, ...fields, logprobs: null, finish_reason: reason }],
  });
  return {
    first: () => (isChat ? chunk(choice({ delta: { role: "assistant", content: "" } }, null)) : ""),
    piece: (text) => chunk(choice(isChat ? { delta: { content: text } } : { text }, null)),
    end: (reason, usage) =>
      chunk(choice(isChat ? { delta: {} } : { text: "" }, reason)) +
      (request.includeUsage ? chunk({ choices: [], usage: writeUsage(usage) }) : "") +
      "data: [DONE]\n\n",
    whole: (text, reason, usage) =>
      JSON.stringify({
        ...base,
        object: isChat ? "chat.completion" : "text_completion",
        ...choice(
          isChat ? { message: { role: "assistant", content: text, refusal: null } } : { text },
          reason,
        ),
        usage: writeUsage(usage),
      }),
  };
}
