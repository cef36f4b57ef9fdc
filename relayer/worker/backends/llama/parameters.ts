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
    throw unsupported("input", "This model makes no embeddings.");
  }
  const unknown = UNSUPPORTED.find((name) => isSet(body[name]));
  if (unknown !== undefined) {
    throw unsupported(unknown, `This model does not support ${unknown}: leave it out.`);
  }
  const several = (["n", "best_of"] as const).find((name) => (body[name] ?? 1) > 1);
  if (several !== undefined) {
    throw unsupported(several, `This model gives one answer: leave ${several} out.`);
  }
  if (request.endpoint === "completions") {
    const { prompt } = body;
    if (typeof prompt !== "string" || prompt === "") {
      throw unsupported(
        "prompt",
        "This model completes one text: send prompt as a string that is not empty.",
      );
    }
    return { kind: "text", prompt };
  }
  const messages = messagesSchema.safeParse(body.messages);
  if (!messages.success) {
    throw new FinalError("BAD_REQUEST", "This model reads text messages of system, user and assistant.", {
      param: "messages",
    });
  }
  const last = messages.data.at(-1);
  if (last?.role !== "user") {
    throw new FinalError("BAD_REQUEST", "The last message must be the user's.", { param: "messages" });
  }
  return { kind: "chat", history: messages.data.slice(0, -1), prompt: last.content };
}

/** How the model samples; at temperature 0, the default, an answer is repeatable. Throws `BAD_REQUEST`. */
export function readSampling(request: InferenceRequest) {
  const parsed = samplingSchema.safeParse(request.body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = String(issue?.path[0]);
    throw new FinalError("BAD_REQUEST", `The field ${param} is not valid: ${issue?.message}`, { param });
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

function unsupported(param: string, message: string): FinalError {
  return new FinalError("UNSUPPORTED_PARAMETER", message, { param });
}

function isSet(value: unknown): boolean {
  const isEmpty = value === undefined || value === null || value === false;
  return !isEmpty && !(Array.isArray(value) && value.length === 0) && !isPlainText(value);
}

// `response_format: { type: "text" }` asks for nothing.
function isPlainText(value: unknown): boolean {
  return typeof value === "object" && value !== null && "type" in value && value.type === "text";
}
