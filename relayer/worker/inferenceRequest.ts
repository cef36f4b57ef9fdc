import { z } from "zod";
import { FinalError } from "../errors";
import { bytesToUtf8 } from "../protocol";

const MAX_CHOICES = 128;

// Unknown fields pass through to the backend: it knows its own parameters best.
const bodySchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(z.looseObject({ role: z.string() }))
    .min(1)
    .optional(),
  prompt: z.unknown().optional(),
  input: z.unknown().optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  best_of: z.int().min(1).max(MAX_CHOICES).nullish(),
});

export type InferenceBody = z.infer<typeof bodySchema>;

/** An opened request in OpenAI's form. `body` is secret. */
export interface InferenceRequest {
  readonly endpoint: "chat" | "completions" | "embeddings";
  readonly body: InferenceBody;
  readonly isStream: boolean;
  /** The client wants the usage in the stream. */
  readonly includeUsage: boolean;
  /** Answers generated for one prompt. */
  readonly choices: number;
  /** What the client asked for, for each choice. */
  readonly askedTokens: number | undefined;
}

/** Parses the JSON body. Throws `BAD_REQUEST`, or `NOT_FOUND` for another model. */
export function parseInference(bytes: Uint8Array, modelName: string): InferenceRequest {
  const parsed = bodySchema.safeParse(parseJson(bytes));
  if (!parsed.success) {
    throw new FinalError("BAD_REQUEST", `The request is not valid: ${z.prettifyError(parsed.error)}`);
  }
  const body = parsed.data;
  const endpoint = endpointOf(body);
  if (body.model !== modelName) {
    throw new FinalError("NOT_FOUND", "This worker serves another model.", { model: modelName });
  }
  return {
    endpoint,
    body,
    isStream: body.stream === true && endpoint !== "embeddings",
    includeUsage: body.stream_options?.include_usage === true,
    choices: Math.max(body.n ?? 1, body.best_of ?? 1) * promptsOf(body.prompt),
    askedTokens: leastOf(body.max_tokens, body.max_completion_tokens),
  };
}

/** What a request asks for shows in the one field that carries its text. */
function endpointOf({ messages, prompt, input }: InferenceBody): InferenceRequest["endpoint"] {
  if ([messages, prompt, input].filter((field) => field !== undefined).length !== 1) {
    throw new FinalError("BAD_REQUEST", "A request has either messages, or a prompt, or an input to embed.");
  }
  return messages !== undefined ? "chat" : prompt !== undefined ? "completions" : "embeddings";
}

// A list of texts or of token lists is several prompts; a list of numbers is one.
function promptsOf(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== "number" ? Math.max(1, prompt.length) : 1;
}

function leastOf(left: number | null | undefined, right: number | null | undefined): number | undefined {
  const given = [left, right].filter((value) => typeof value === "number");
  return given.length === 0 ? undefined : Math.min(...given);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(bytesToUtf8(bytes));
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The request is not JSON in UTF-8.", {}, { cause });
  }
}
