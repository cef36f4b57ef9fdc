import { toCocoonError } from "../errors";
import { createResponseHasher, type ReceiptRecord } from "../protocol";
import { bookCall } from "./bookCall";
import type { Attempt, CompleteDeps } from "./complete";
import type { Cosigner } from "./cosigner";
import { type ReceiptClaim, type TakenReceipt, takeReceipt } from "./takeReceipt";

/** How long an answer waits for the receipt before its own, when two end at once; after that its cost is told later. */
const COST_WAIT_MS = 50;

export interface Outcome {
  readonly record: ReceiptRecord;
  /** Undefined when the receipts before this one have not arrived yet. */
  readonly costNano: bigint | undefined;
}

export interface ReadDeps extends CompleteDeps {
  readonly cosigner: Cosigner;
  /** What is on its way to the store: receipts by their request. */
  readonly saving: Map<string, Promise<unknown>>;
}

type AnswerDeps = Pick<
  ReadDeps,
  "store" | "secretBox" | "wallet" | "log" | "clock" | "policy" | "spender" | "recover" | "saving"
> & {
  readonly sessions: Pick<ReadDeps["sessions"], "release">;
  readonly inFlight: Pick<ReadDeps["inFlight"], "end" | "failed" | "ban">;
  readonly track: Pick<ReadDeps["track"], "failed" | "wrote">;
  readonly cosigner: Pick<Cosigner, "touch">;
};

/**
 * Reads an answer to its end, hands out its pieces and checks its receipt. Resolves only for an answer that is whole
 * and whose receipt holds; saving, booking and co-signing go on behind it.
 */
export async function readAnswer(
  deps: AnswerDeps,
  attempt: Attempt,
  onPayload: (payload: Uint8Array) => void | Promise<void>,
): Promise<Outcome> {
  const { session, worker, requestId } = attempt;
  const hasher = createResponseHasher(attempt.salt);
  const kept: Uint8Array[] | undefined = deps.policy.keepTexts ? [] : undefined;
  let json: Uint8Array;
  try {
    const read = attempt.answer.read((payload) => {
      hasher.update(payload);
      kept?.push(payload);
      return onPayload(payload);
    });
    json = await read.catch((thrown: unknown) => brokenOff(deps, attempt, thrown));
  } catch (thrown) {
    attempt.answer.abort();
    deps.recover(attempt);
    throw thrown;
  } finally {
    deps.inFlight.end(worker.key);
  }
  const taken = takeOrCondemn(deps, attempt, {
    record: json,
    responseHash: hasher.digest(),
    texts: kept === undefined ? undefined : { request: textOf([attempt.body]), response: textOf(kept) },
  });
  const { status, completionTokens, reasoningTokens } = taken.record.leaf;
  const tokens = Number(completionTokens + reasoningTokens);
  if (tokens > 0) {
    deps.track.wrote(worker.key, { tokens, ms: deps.clock.nowMs() - attempt.sentAtMs });
  }
  // The one place where the call is booked, though a neighbour that turns out to be wrong may still fail the answer.
  taken.costNano.then(
    (costNano) => bookCall(deps, attempt, { status, costNano }),
    (thrown: unknown) => condemn(deps, attempt, thrown),
  );
  keepUntilSaved(deps, requestId, taken.saved);
  deps.cosigner.touch(session, worker.key);
  return { record: taken.record, costNano: await soon(taken.costNano) };
}

function takeOrCondemn(
  deps: AnswerDeps,
  attempt: Attempt,
  told: Pick<ReceiptClaim, "record" | "responseHash" | "texts">,
): TakenReceipt {
  const { session, worker, requestId, maxCostNano, requestHash } = attempt;
  try {
    return takeReceipt(deps, { session, worker: worker.key, requestId, maxCostNano, requestHash, ...told });
  } catch (thrown) {
    condemn(deps, attempt, thrown);
    throw thrown;
  }
}

/** Who breaks off whatever it begins is no better than one that begins nothing. */
function brokenOff(
  deps: Pick<AnswerDeps, "inFlight" | "track">,
  { worker }: Attempt,
  thrown: unknown,
): never {
  if (toCocoonError(thrown).code !== "CLIENT_CLOSED") {
    deps.inFlight.failed(worker.key);
    deps.track.failed(worker.key);
  }
  throw thrown;
}

function textOf(pieces: readonly Uint8Array[]): string {
  return Buffer.concat(pieces).toString("utf8");
}

/** A worker that signed something false gets no further request, no co-signature, and nothing booked for this call. */
function condemn(deps: AnswerDeps, attempt: Attempt, thrown: unknown): void {
  const { code, message } = toCocoonError(thrown);
  deps.inFlight.ban(attempt.worker.key, message);
  deps.log.error({
    msg: "receipt invalid",
    code,
    reason: message,
    requestId: attempt.requestId,
    job: attempt.session.address,
    worker: attempt.worker.key,
    provider: attempt.worker.provider,
  });
  bookCall(deps, attempt, { status: "invalid", costNano: 0n });
}

export function keepUntilSaved(
  deps: Pick<ReadDeps, "saving" | "log">,
  requestId: string,
  saved: Promise<unknown>,
): void {
  deps.saving.set(requestId, saved);
  saved
    .catch((thrown: unknown) => {
      const { code, message } = toCocoonError(thrown);
      deps.log.error({ msg: "receipt not saved", requestId, code, detail: message });
    })
    .finally(() => deps.saving.delete(requestId));
}

async function soon(costNano: Promise<bigint>): Promise<bigint | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), COST_WAIT_MS);
  });
  try {
    return await Promise.race([costNano, late]);
  } finally {
    clearTimeout(timer);
  }
}
