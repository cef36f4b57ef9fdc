import type { IncomingMessage } from "node:http";
import { Cell } from "@ton/core";
import { z } from "zod";
import { FinalError } from "../../errors";
import { fromBase64, fromHex, toBase64, toHex, toJobAddress, toNano, toWorkerKey } from "../../protocol";
import { MAX_REQUEST_BOC, MAX_TASK_CONTENT, TASK_STATUS } from "../../task";
import { answerTask } from "../tasks/answerTask";
import type { TaskOrder } from "../tasks/taskOrder";
import { readJson } from "./readBody";
import type { JsonAnswer, RouteDeps } from "./routes";
import { parseInteger } from "./sealedHeaders";

/** Request and content in base64, and the rest. */
const MAX_BODY_BYTES = Math.ceil(((MAX_REQUEST_BOC + MAX_TASK_CONTENT) * 4) / 3) + 4_096;

const taskBody = z.strictObject({
  job: z.string(),
  worker: z.string(),
  openedAt: z.int().min(0),
  deadlineAt: z.int().min(0),
  modelHash: z.string(),
  request: z.string(),
  content: z.string().optional(),
  prices: z.strictObject({
    prompt: z.string(),
    cached: z.string(),
    completion: z.string(),
    reasoning: z.string(),
  }),
  price: z.string(),
  isLastTry: z.boolean(),
});

/** `POST /v1/tasks`: the relayer shows a task, the answer is signed. */
export async function serveTask(deps: RouteDeps, request: IncomingMessage): Promise<JsonAnswer> {
  const order = orderOf(await readJson(request, taskBody, MAX_BODY_BYTES));
  if (deps.shutdown.aborted) {
    throw new FinalError("SHUTTING_DOWN", "The worker takes no more requests.");
  }
  const running = answerTask(deps, order);
  deps.track(running.then(() => undefined));
  const answer = await running;
  return {
    worker: answer.worker,
    status: TASK_STATUS[answer.status],
    response: toBase64(answer.response),
    responseHash: toHex(answer.responseHash),
    issuedAt: answer.issuedAt,
    signature: toBase64(answer.signature),
  };
}

function orderOf(body: z.infer<typeof taskBody>): TaskOrder {
  const nano = (text: string, name: string) => toNano(parseInteger(text, name));
  return {
    job: toJobAddress(body.job),
    worker: toWorkerKey(body.worker),
    openedAt: body.openedAt,
    deadlineAt: body.deadlineAt,
    modelHash: fromHex(body.modelHash, 32),
    request: cellOf(body.request),
    content: body.content === undefined ? undefined : fromBase64(body.content),
    prices: {
      promptPrice: nano(body.prices.prompt, "prices.prompt"),
      cachedPrice: nano(body.prices.cached, "prices.cached"),
      completionPrice: nano(body.prices.completion, "prices.completion"),
      reasoningPrice: nano(body.prices.reasoning, "prices.reasoning"),
    },
    priceNano: nano(body.price, "price"),
    isLastTry: body.isLastTry,
  };
}

function cellOf(boc: string): Cell {
  try {
    return Cell.fromBase64(boc);
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The task's request is not a bag of cells.", {}, { cause });
  }
}
