import { z } from "zod";
import { FinalError } from "../../errors";
import { primitives, toHex, utf8ToBytes } from "../../protocol";

/** What the gateway itself must know; every other field passes through unread. */
const common = {
  model: z.string().min(1).max(256),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  best_of: z.int().min(1).max(128).nullish(),
};
const schemas = {
  chat: z.looseObject({ ...common, messages: z.array(z.looseObject({ role: z.string() })).min(1) }),
  completions: z.looseObject({ ...common, prompt: z.union([z.string(), z.array(z.unknown()).min(1)]) }),
  embeddings: z.looseObject({ ...common, input: z.union([z.string(), z.array(z.unknown()).min(1)]) }),
} as const;

export type RequestKind = keyof typeof schemas;

/** Where each kind of request is sent. */
export const REQUEST_PATHS = {
  chat: "/v1/chat/completions",
  completions: "/v1/completions",
  embeddings: "/v1/embeddings",
} as const satisfies Record<RequestKind, string>;

export interface ParsedRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly maxTokens: number | undefined;
  /** Texts to read, each within the model's context. */
  readonly prompts: number;
  /** Texts to write, over all prompts. */
  readonly answers: number;
  /** Those of them that are told. */
  readonly choices: number;
  /** Names the conversation by its beginning, or by the key that the client gave for a prompt cache. */
  readonly conversation: () => string;
}

const MAX_COST_DIGITS = 20;

/** Reads the body without changing it. Throws `BAD_REQUEST` with the field at fault as `param`. */
export function parseRequest(kind: RequestKind, body: Uint8Array): ParsedRequest {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  } catch {
    throw new FinalError("BAD_REQUEST", "The body is not valid JSON.");
  }
  const parsed = schemas[kind].safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.join(".") || undefined;
    const what = param === undefined ? "body" : `field ${param}`;
    throw new FinalError("BAD_REQUEST", `The ${what} is missing or not valid: ${issue?.message}`, { param });
  }
  const fields = parsed.data;
  const texts = "prompt" in fields ? fields.prompt : "input" in fields ? fields.input : undefined;
  const prompts = Array.isArray(texts) ? promptsOf(texts) : 1;
  return {
    model: fields.model,
    stream: fields.stream === true,
    includeUsage: fields.stream_options?.include_usage === true,
    maxTokens: fields.max_completion_tokens ?? fields.max_tokens ?? undefined,
    prompts,
    conversation: conversationOf(fields),
    choices: (fields.n ?? 1) * prompts,
    answers: kind === "embeddings" ? 0 : Math.max(fields.n ?? 1, fields.best_of ?? 1) * prompts,
  };
}

/** Turns of a conversation begin alike: with the same instructions and the same first words. */
const FIRST_MESSAGES = 2;
const FIRST_CHARACTERS = 1_024;

function conversationOf(fields: z.infer<(typeof schemas)[RequestKind]>): () => string {
  let name: string | undefined;
  return () => {
    name ??= toHex(primitives.sha256(utf8ToBytes(beginningOf(fields))));
    return name;
  };
}

function beginningOf(fields: z.infer<(typeof schemas)[RequestKind]>): string {
  if (typeof fields.prompt_cache_key === "string") {
    return `key:${fields.prompt_cache_key}`;
  }
  if (Array.isArray(fields.messages)) {
    return JSON.stringify(fields.messages.slice(0, FIRST_MESSAGES));
  }
  return JSON.stringify("prompt" in fields ? fields.prompt : fields.input).slice(0, FIRST_CHARACTERS);
}

/** A list of token numbers is one prompt. */
function promptsOf(prompt: readonly unknown[]): number {
  return typeof prompt[0] === "number" ? 1 : prompt.length;
}

/** The caller's own limit: header `cocoon-max-cost`, nanoton. */
export function parseMaxCost(header: string | string[] | undefined): bigint | undefined {
  if (header === undefined) {
    return undefined;
  }
  if (typeof header !== "string" || !/^\d+$/.test(header) || header.length > MAX_COST_DIGITS) {
    throw new FinalError("BAD_REQUEST", "The header cocoon-max-cost is a whole number of nanoton.", {
      param: "cocoon-max-cost",
    });
  }
  return BigInt(header);
}
