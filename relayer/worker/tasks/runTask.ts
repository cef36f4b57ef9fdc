import { z } from "zod";
import { FinalError, RetryableError } from "../../errors";
import type { Prices } from "../../protocol";
import type { Backend } from "../backends/backend";
import { parseInference } from "../inferenceRequest";
import { type ModelLimits, planRequest } from "../planRequest";

/** An answer of a model that is kept in memory; more than any context writes. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const answerSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({ content: z.string().nullish() }).optional(),
        text: z.string().optional(),
      }),
    )
    .min(1),
});

/**
 * Runs a task's body and gives the text of its first choice; of an answer without choices (embeddings), its JSON.
 * Throws `BACKEND_REFUSED` when the model would not, `BACKEND_UNAVAILABLE` or `TIMEOUT` when another try may help.
 */
export async function runTask(
  deps: { readonly backend: Backend; readonly model: ModelLimits & { readonly name: string } },
  task: {
    readonly body: Uint8Array;
    readonly prices: Prices;
    readonly maxCost: bigint;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const request = parseInference(task.body, deps.model.name);
  const planned = planRequest({
    request,
    promptTokens: await deps.backend.countPromptTokens(request),
    limits: deps.model,
    prices: task.prices,
    maxCost: task.maxCost,
  });
  const pieces: Uint8Array[] = [];
  let size = 0;
  let status = 0;
  for await (const event of deps.backend.run(planned, task.signal)) {
    if (event.kind === "head") {
      status = event.status;
    } else if (event.kind === "data") {
      size += event.bytes.length;
      if (size > MAX_ANSWER_BYTES) {
        throw new FinalError("BACKEND_REFUSED", "The model's answer is larger than a worker keeps.");
      }
      pieces.push(event.bytes);
    }
  }
  if (task.signal.aborted) {
    throw new RetryableError("TIMEOUT", "The task took too long.");
  }
  if (status === 429 || status >= 500 || status === 0) {
    throw new RetryableError("BACKEND_UNAVAILABLE", "The model cannot answer now.", { status });
  }
  if (status >= 400) {
    throw new FinalError("BACKEND_REFUSED", "The model refused the request.", { status });
  }
  return textOf(Buffer.concat(pieces).toString("utf8"));
}

function textOf(json: string): string {
  const parsed = answerSchema.safeParse(JSON.parse(json));
  const choice = parsed.data?.choices[0];
  return choice?.message?.content ?? choice?.text ?? json;
}
