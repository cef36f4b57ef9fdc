import type { Pool } from "undici";
import { z } from "zod";
import { RetryableError } from "../../../errors";
import type { InferenceRequest } from "../../inferenceRequest";
import type { PromptCount } from "../backend";
import type { OpenAiBackendOptions } from "./options";
import { estimatePromptTokens } from "./requestBody";

const COUNT_TIMEOUT_MS = 10_000;
const countSchema = z.looseObject({ count: z.int().min(0) });

/** Asks the backend's tokenizer where it has one, else estimates. Throws `BACKEND_UNAVAILABLE`. */
export async function countPrompt(
  pool: Pool,
  options: OpenAiBackendOptions,
  request: InferenceRequest,
): Promise<PromptCount> {
  if (options.tokenizePath === undefined || request.endpoint === "embeddings") {
    return { tokens: estimatePromptTokens(request), isExact: false };
  }
  const { model, messages, prompt, tools } = request.body;
  try {
    const response = await pool.request({
      method: "POST",
      path: options.tokenizePath,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: options.model ?? model, messages, prompt, tools }),
      bodyTimeout: COUNT_TIMEOUT_MS,
      headersTimeout: COUNT_TIMEOUT_MS,
    });
    const answer = countSchema.safeParse(await response.body.json());
    // A request that the tokenizer refuses is left to the backend itself, whose refusal says why.
    return response.statusCode === 200 && answer.success
      ? { tokens: answer.data.count, isExact: true }
      : { tokens: estimatePromptTokens(request), isExact: false };
  } catch (cause) {
    throw new RetryableError(
      "BACKEND_UNAVAILABLE",
      "The backend's tokenizer does not answer.",
      {},
      { cause },
    );
  }
}
