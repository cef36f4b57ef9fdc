import { Cell } from "@ton/core";
import { z } from "zod";
import { FinalError, toCocoonError } from "../../errors";
import {
  encodeTaskAnswer,
  fromBase64,
  fromHex,
  primitives,
  SIGNATURE_BYTES,
  toJobAddress,
} from "../../protocol";
import type { Task } from "../../store";
import { parseTaskRequest, type TaskRequest } from "../../task";
import type { JobEntry } from "../book";
import type { Context } from "../context";
import { callJson } from "../workers/callJson";
import type { WorkerEntry } from "../workers/pool";
import { fetchLocated } from "./fetchLocated";

const answerSchema = z.object({
  worker: z.string(),
  status: z.int().min(0).max(255),
  issuedAt: z.int().min(0),
  responseHash: z.string(),
  response: z.string(),
  signature: z.string(),
});

export type TaskAnswer = NonNullable<Task["answer"]>;

/**
 * Has a worker run the task and sign its answer. Checked like everything a worker says: an answer whose signature does not
 * verify would only bounce. Throws what another try may mend.
 */
export async function askWorker(
  context: Context,
  ask: {
    readonly job: JobEntry;
    readonly task: Task;
    readonly worker: WorkerEntry;
    readonly isLastTry: boolean;
    readonly timeoutMs: number;
  },
): Promise<TaskAnswer> {
  const { job, task, worker } = ask;
  const content = await contentOf(context, task, ask.isLastTry);
  const body = {
    job: task.job,
    worker: worker.identity?.receiptKey,
    openedAt: task.openedAtSeconds,
    // Earlier than the chain's: what is signed must still get there.
    deadlineAt: job.row.deadlineSeconds - context.policy.taskDeliverSeconds,
    modelHash: job.row.modelHash,
    request: task.request,
    ...(content === undefined ? {} : { content: Buffer.from(content).toString("base64") }),
    prices: {
      prompt: job.terms.promptPrice.toString(),
      cached: job.terms.cachedPrice.toString(),
      completion: job.terms.completionPrice.toString(),
      reasoning: job.terms.reasoningPrice.toString(),
    },
    price: job.row.budgetNano.toString(),
    isLastTry: ask.isLastTry,
  };
  const answer = await callJson(
    {
      dispatcher: context.pool.dispatcher,
      url: `${worker.url}/v1/tasks`,
      method: "POST",
      body,
      timeoutMs: ask.timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    },
    answerSchema,
  );
  return checked(context, task, answer);
}

/** A response of four MiB in base64, and the rest. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** What is fetched for a located request. Undefined for any other, and when the worker shall sign that it is not there. */
async function contentOf(context: Context, task: Task, isLastTry: boolean): Promise<Uint8Array | undefined> {
  const place = locatedRequest(task);
  if (place === undefined) {
    return undefined;
  }
  try {
    return await fetchLocated(place, context.policy);
  } catch (thrown) {
    const error = toCocoonError(thrown);
    context.log.info({
      msg: "task's content not fetched",
      job: task.job,
      code: error.code,
      detail: error.message,
    });
    if (error instanceof FinalError || isLastTry) {
      return undefined;
    }
    throw error;
  }
}

function locatedRequest(task: Task): Extract<TaskRequest, { form: "located" }> | undefined {
  try {
    const request = parseTaskRequest(Cell.fromBase64(task.request));
    return request.form === "located" ? request : undefined;
  } catch {
    return undefined; // the worker says what is wrong with it
  }
}

function checked({ networkId }: Context, task: Task, said: z.infer<typeof answerSchema>): TaskAnswer {
  const response = Cell.fromBase64(said.response);
  const statement = encodeTaskAnswer({
    networkId,
    job: toJobAddress(task.job),
    requestHash: Cell.fromBase64(task.request).hash(),
    responseHash: response.hash(),
    status: said.status,
    issuedAt: said.issuedAt,
  });
  const signature = fromBase64(said.signature, SIGNATURE_BYTES);
  if (
    response.hash().toString("hex") !== said.responseHash ||
    !primitives.ed25519Verify(fromHex(said.worker, 32), statement, signature)
  ) {
    throw new FinalError("HEAD_INVALID", "The worker did not sign this answer to this task.", {
      job: task.job,
    });
  }
  const { worker, status, responseHash } = said;
  return {
    worker,
    status,
    issuedAtSeconds: said.issuedAt,
    responseHash,
    response: said.response,
    signature: said.signature,
  };
}
