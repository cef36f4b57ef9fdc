import { z } from "zod";
import { FinalError } from "../../../errors";
import type { InferenceRequest } from "../../inferenceRequest";

const text = z.union([
  z.string(),
  z.array(z.object({ type: z.literal("text"), text: z.string() })).transform((parts) => {
    return parts.map((part) => part.text).join("");
  }),
]);

const messagesSchema = z.array(
  z.object({ role: z.enum(["system", "developer", "user", "assistant"]), content: text }),
);

const samplingSchema = z.object({
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  seed: z.int().min(0).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
});

/** What this backend cannot do: better refused than left out in silence. */
const UNSUPPORTED = [
  "tools",
  "functions",
  "response_format",
  "logprobs",
  "logit_bias",
  "suffix",
  "echo",
  "audio",
];

export type ChatMessages = z.infer<typeof messagesSchema>;

export type LlamaInput =
  | { readonly kind: "chat"; readonly history: ChatMessages; readonly prompt: string }
  | { readonly kind: "text"; readonly prompt: string };

/** What is asked of the model. Throws `UNSUPPORTED_PARAMETER` or `BAD_REQUEST`. */
export function readInput(request: InferenceRequest): LlamaInput {
  const { body } = request;
  if (request.endpoint === "embeddings") {
    throw new FinalError("UNSUPPORTED_PARAMETER", "This model makes no embeddings.", { parameter: "input" });
  }
  const unsupported = UNSUPPORTED.find((name) => isSet(body[name]));
  if (unsupported !== undefined || request.choices > 1) {
    throw new FinalError("UNSUPPORTED_PARAMETER", "This model does not support a parameter of the request.", {
      parameter: unsupported ?? "n",
    });
  }
  if (request.endpoint === "completions") {
    if (typeof body.prompt !== "string" || body.prompt === "") {
      throw new FinalError("UNSUPPORTED_PARAMETER", "This model completes one text.", {
        parameter: "prompt",
      });
    }
    return { kind: "text", prompt: body.prompt };
  }
  const messages = messagesSchema.safeParse(body.messages);
  if (!messages.success) {
    throw new FinalError("BAD_REQUEST", "This model reads text messages of system, user and assistant.");
  }
  const last = messages.data.at(-1);
  if (last?.role !== "user") {
    throw new FinalError("BAD_REQUEST", "The last message must be the user's.");
  }
  return { kind: "chat", history: messages.data.slice(0, -1), prompt: last.content };
}

/** How the model samples; at temperature 0, the default, an answer is repeatable. Throws `BAD_REQUEST`. */
export function readSampling(request: InferenceRequest) {
  const parsed = samplingSchema.safeParse(request.body);
  if (!parsed.success) {
    throw new FinalError(
      "BAD_REQUEST",
      `A sampling parameter is not valid: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { temperature, top_p, top_k, min_p, seed, stop } = parsed.data;
  return {
    temperature: temperature ?? 0,
    topP: top_p ?? undefined,
    topK: top_k ?? undefined,
    minP: min_p ?? undefined,
    seed: seed ?? undefined,
    customStopTriggers: typeof stop === "string" ? [stop] : (stop ?? undefined),
  };
}

function isSet(value: unknown): boolean {
  const isEmpty = value === undefined || value === null || value === false;
  return !isEmpty && !(Array.isArray(value) && value.length === 0) && !isPlainText(value);
}

// `response_format: { type: "text" }` asks for nothing.
function isPlainText(value: unknown): boolean {
  return typeof value === "object" && value !== null && "type" in value && value.type === "text";
}
