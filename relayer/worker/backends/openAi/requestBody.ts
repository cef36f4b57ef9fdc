import type { InferenceRequest } from "../../inferenceRequest";
import type { PlannedRequest } from "../backend";
import type { OpenAiBackendOptions } from "./options";

/** Bytes of English text in one token, about: only for backends that cannot count. */
const BYTES_PER_TOKEN = 4;

/** The body as the backend gets it: the client's own, with the limit that the money sets and the usage asked for. */
export function requestBody(request: PlannedRequest, options: OpenAiBackendOptions): string {
  const { body } = request;
  if (request.endpoint === "embeddings") {
    return JSON.stringify({ ...body, model: options.model ?? body.model });
  }
  const limits =
    typeof body.max_completion_tokens === "number"
      ? { max_completion_tokens: request.maxTokens, max_tokens: undefined }
      : { max_tokens: request.maxTokens };
  return JSON.stringify({
    ...body,
    ...limits,
    model: options.model ?? body.model,
    stream_options: request.isStream
      ? {
          ...body.stream_options,
          include_usage: true,
          ...(options.hasContinuousUsage === true ? { continuous_usage_stats: true } : {}),
        }
      : undefined,
  });
}

/** Tokens of the prompt by its length: an estimate that caps the answer, and is never billed. */
export function estimatePromptTokens(request: InferenceRequest): number {
  const text = JSON.stringify(request.body.messages ?? request.body.prompt ?? request.body.input);
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}
