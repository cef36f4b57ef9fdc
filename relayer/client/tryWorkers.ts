import { FinalError } from "../errors";
import { type Attempt, attempt, type CompletionRequest, createTrials } from "./complete";
import { type Outcome, type ReadDeps, readAnswer } from "./readAnswer";
import { mayDoBetterElsewhere } from "./retryPolicy";

/** A worker's own error is held in memory until it is known that nobody else does better. */
const MAX_REFUSAL_BYTES = 1024 * 1024;

/** An answer whose status is known. `read` once. */
export interface BegunAnswer {
  readonly attempt: Attempt;
  read(onPayload: (payload: Uint8Array) => void | Promise<void>): Promise<Outcome>;
}

/**
 * Asks worker after worker until one begins an answer worth reading. One that refuses for reasons of its own (429, 5xx)
 * costs nothing, leaves its receipt, and is passed over; its error is the answer only when nobody else is left.
 */
export async function tryWorkers(deps: ReadDeps, request: CompletionRequest): Promise<BegunAnswer> {
  const trials = createTrials();
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
    if (!mayDoBetterElsewhere(begun.answer.status)) {
      remember(deps, request, begun);
      return { attempt: begun, read: (onPayload) => readAnswer(deps, begun, onPayload) };
    }
    const { worker, requestId, answer } = begun;
    deps.log.warn({
      msg: "worker refused the request",
      worker: worker.key,
      requestId,
      status: answer.status,
    });
    trials.count += 1;
    trials.tried.add(worker.key);
    deps.inFlight.failed(worker.key);
    deps.track.failed(worker.key);
    try {
      refused = await readRefusal(deps, begun);
    } catch (thrown) {
      failure = thrown;
    }
  }
}

/** The next turn of this conversation is best asked there: its beginning may still be in that worker's cache. */
function remember(deps: ReadDeps, { model, conversation }: CompletionRequest, { worker }: Attempt): void {
  if (conversation !== undefined && deps.directory.workersOf(model).length > 1) {
    deps.track.remember(conversation(), worker.key);
  }
}

/** Reads a refusal to its end, so that its receipt is checked and its error can still be told. */
async function readRefusal(deps: ReadDeps, begun: Attempt): Promise<BegunAnswer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const outcome = await readAnswer(deps, begun, (payload) => {
    size += payload.length;
    if (size > MAX_REFUSAL_BYTES) {
      throw new FinalError("BACKEND_UNAVAILABLE", "The worker's refusal is too large.");
    }
    pieces.push(new Uint8Array(payload));
  });
  if (outcome.costNano !== undefined && outcome.costNano > 0n) {
    deps.inFlight.ban(begun.worker.key, "A refused request was charged.");
    deps.log.error({ msg: "refusal charged", worker: begun.worker.key, requestId: begun.requestId });
  }
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
