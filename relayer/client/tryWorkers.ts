import { RetryableError, toCocoonError } from "../errors";
import { isStream } from "./callWorker";
import { type Attempt, attempt, type CompletionRequest } from "./complete";
import { type Outcome, type ReadDeps, readAnswer } from "./readAnswer";
import { mayDoBetterElsewhere } from "./retryPolicy";
import { createTrials, type Trials } from "./trials";

/** An answer that is not streamed is held in memory until its end, so that another worker can be asked: no more than this. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** A worker's own error is held until it is known that nobody else does better. */
const MAX_REFUSAL_BYTES = 1024 * 1024;

/** An answer whose status is known, and that is checked already unless it is streamed. `read` once. */
export interface BegunAnswer {
  readonly attempt: Attempt;
  read(onPayload: (payload: Uint8Array) => void | Promise<void>): Promise<Outcome>;
}

/**
 * Asks worker after worker until one gives an answer worth telling: a stream that has begun, or a whole answer whose receipt
 * holds. One that refuses for reasons of its own (429, 5xx) costs nothing, leaves its receipt, and is passed over; its error is
 * the answer only when nobody else is left. So is one whose whole answer breaks off or is signed falsely.
 */
export async function tryWorkers(deps: ReadDeps, request: CompletionRequest): Promise<BegunAnswer> {
  const trials = createTrials();
  const held = countingOpen(deps, trials);
  let refused: BegunAnswer | undefined;
  let failure: unknown;
  for (;;) {
    let begun: Attempt;
    try {
      begun = await attempt(deps, request, trials);
    } catch (thrown) {
      if (refused !== undefined && !request.signal.aborted) {
        return refused;
      }
      throw failure ?? thrown;
    }
    const isRefusal = mayDoBetterElsewhere(begun.answer.status);
    try {
      if (!isRefusal) {
        const answer = isStream(begun.answer)
          ? streamOf(deps, begun)
          : await holdAnswer(held, begun, MAX_ANSWER_BYTES);
        remember(deps, request, begun);
        return answer;
      }
      passOver(deps, begun);
      refused = await holdAnswer(held, begun, MAX_REFUSAL_BYTES);
      banIfCharged(deps, begun, await refused.read(() => {}));
    } catch (thrown) {
      failure = thrown;
      noteSpoilt(deps, begun, thrown);
    }
    trials.count += 1;
    trials.tried.add(begun.worker.key);
  }
}

/** The same, but what answers that break off may yet cost is counted. */
function countingOpen(deps: ReadDeps, trials: Trials): ReadDeps {
  return {
    ...deps,
    recover: (left) => {
      trials.openNano += left.maxCostNano;
      deps.recover(left);
    },
  };
}

function streamOf(deps: ReadDeps, begun: Attempt): BegunAnswer {
  return { attempt: begun, read: (onPayload) => readAnswer(deps, begun, onPayload) };
}

/** Reads an answer to its end, so that its receipt is checked before anything of it is told. */
async function holdAnswer(deps: ReadDeps, begun: Attempt, maxBytes: number): Promise<BegunAnswer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const outcome = await readAnswer(deps, begun, (payload) => {
    size += payload.length;
    if (size > maxBytes) {
      throw new RetryableError("BACKEND_UNAVAILABLE", "The answer is larger than can be held here.");
    }
    pieces.push(payload);
  });
  return {
    attempt: begun,
    read: async (onPayload) => {
      for (const piece of pieces) {
        await onPayload(piece);
      }
      return outcome;
    },
  };
}

/** The next turn of this conversation is best asked there: its beginning may still be in that worker's cache. */
function remember(deps: ReadDeps, { model, conversation }: CompletionRequest, { worker }: Attempt): void {
  if (conversation !== undefined && deps.directory.workersOf(model).length > 1) {
    deps.track.remember(conversation(), worker.key);
  }
}

function passOver(deps: ReadDeps, { worker, requestId, answer }: Attempt): void {
  const { status } = answer;
  deps.log.warn({ msg: "worker refused the request", worker: worker.key, requestId, status });
  deps.inFlight.failed(worker.key);
  deps.track.failed(worker.key);
}

function banIfCharged(deps: ReadDeps, { worker, requestId }: Attempt, { costNano }: Outcome): void {
  if (costNano !== undefined && costNano > 0n) {
    deps.inFlight.ban(worker.key, "A refused request was charged.");
    deps.log.error({ msg: "refusal charged", worker: worker.key, requestId });
  }
}

/** Nothing of the answer has been told, so another worker may give one, unless there is nobody left to tell it to. */
function noteSpoilt(deps: ReadDeps, { worker, requestId }: Attempt, thrown: unknown): void {
  const { code, message } = toCocoonError(thrown);
  if (code === "CLIENT_CLOSED") {
    throw thrown;
  }
  deps.log.warn({
    msg: "answer spoilt before its end",
    worker: worker.key,
    requestId,
    code,
    detail: message,
  });
}
