import { type CocoonError, FinalError, RetryableError, toCocoonError } from "../../errors";
import { encodeTaskAnswer, equalBytes, primitives, utf8ToBytes } from "../../protocol";
import { TASK_REASONS, TASK_STATUS, type TaskStatus, toSnake } from "../../task";
import type { AdmitDeps } from "../admit";
import type { Generation } from "../generations";
import type { RunDeps } from "../runRequest";
import { bodyOfTask, readTask } from "./readTask";
import { runTask } from "./runTask";
import type { SignedAnswer, TaskBook } from "./taskBook";
import type { TaskOrder } from "./taskOrder";

export interface TaskDeps extends AdmitDeps, RunDeps {
  readonly modelHash: Uint8Array;
  readonly tasks: TaskBook;
  /** Aborts when the worker shuts down. */
  readonly shutdown: AbortSignal;
}

/** Longest run of a task, as of any request. */
const MAX_RUN_MS = 900_000;

/**
 * Runs a task and signs its answer, or signs why there is none. The same task again has the same answer. Throws
 * `OVERLOADED`, `BACKEND_UNAVAILABLE` and the like while another try may help, and `WRONG_JOB` for another model's task.
 */
export function answerTask(deps: TaskDeps, order: TaskOrder): Promise<SignedAnswer> {
  const asked = deps.generations.find(order.worker);
  const { networkId } = asked.identity.required(nowSeconds(deps));
  if (!equalBytes(order.modelHash, deps.modelHash)) {
    throw new FinalError("WRONG_JOB", "The task is for another model.");
  }
  const name = `${order.worker}/${order.job}/${order.openedAt}/${order.request.hash().toString("hex")}`;
  return deps.tasks.once(name, () => answerOnce(deps, { asked, networkId }, order));
}

interface Asked {
  /** The keys that the relayer named. */
  readonly asked: Generation;
  readonly networkId: number;
}

async function answerOnce(deps: TaskDeps, bound: Asked, order: TaskOrder): Promise<SignedAnswer> {
  if (deps.places.isFull()) {
    throw new RetryableError("OVERLOADED", "The worker is running as many requests as it can.", {
      capacity: deps.places.capacity,
    });
  }
  const release = deps.places.take();
  const startedMs = deps.clock.nowMs();
  try {
    const answer = await responseOf(deps, bound, order);
    deps.log.info({
      msg: "task finished",
      job: order.job,
      status: answer.status,
      tookMs: deps.clock.nowMs() - startedMs,
    });
    return answer;
  } finally {
    release();
  }
}

async function responseOf(deps: TaskDeps, bound: Asked, order: TaskOrder): Promise<SignedAnswer> {
  const { networkId } = bound;
  let signer = bound.asked;
  try {
    const task = readTask({ generations: deps.generations, networkId }, order);
    signer = task.signer;
    const leftMs = order.deadlineAt * 1_000 - deps.clock.nowMs();
    const text = await runTask(deps, {
      body: bodyOfTask(task, deps.model.name),
      prices: order.prices,
      maxCost: order.priceNano,
      signal: AbortSignal.any([
        deps.shutdown,
        AbortSignal.timeout(Math.min(MAX_RUN_MS, Math.max(0, leftMs))),
      ]),
    });
    const response = task.seal(utf8ToBytes(text));
    return sign(deps, { signer, networkId, order, status: "answered", response });
  } catch (thrown) {
    const status = statusOf(toCocoonError(thrown), order.isLastTry && !deps.shutdown.aborted);
    const response = utf8ToBytes(TASK_REASONS[status]);
    return sign(deps, { signer, networkId, order, status, response });
  }
}

/** Why a task has no answer. Throws the error again while another try may help. */
function statusOf(error: CocoonError, isLastTry: boolean): Exclude<TaskStatus, "answered"> {
  switch (error.code) {
    case "BAD_REQUEST":
    case "UNSUPPORTED_PARAMETER":
      return "malformed";
    case "BODY_TOO_LARGE":
    case "CONTEXT_TOO_LONG":
      return "tooLong";
    case "BACKEND_REFUSED":
      return "refused";
    case "COST_LIMIT_EXCEEDED":
      return "tooDear";
    case "SEALED_UNREADABLE":
    case "NOT_FOUND":
      return "unreadable";
    default:
      if (isLastTry) {
        return "failed";
      }
      throw error;
  }
}

function sign(
  deps: TaskDeps,
  answer: {
    readonly signer: Generation;
    readonly networkId: number;
    readonly order: TaskOrder;
    readonly status: TaskStatus;
    readonly response: Uint8Array;
  },
): SignedAnswer {
  const { signer, networkId, order, status } = answer;
  const cell = toSnake(answer.response);
  const issuedAt = nowSeconds(deps);
  const statement = encodeTaskAnswer({
    networkId,
    job: order.job,
    requestHash: order.request.hash(),
    responseHash: cell.hash(),
    status: TASK_STATUS[status],
    issuedAt,
  });
  return {
    worker: signer.key,
    status,
    response: cell.toBoc(),
    responseHash: cell.hash(),
    issuedAt,
    signature: primitives.ed25519Sign(signer.keys.receiptSeed, statement),
  };
}

function nowSeconds({ clock }: Pick<TaskDeps, "clock">): number {
  return Math.floor(clock.nowMs() / 1000);
}
