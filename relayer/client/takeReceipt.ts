import { FinalError } from "../errors";
import { parseRecord, type ReceiptRecord, verifyRecord, type WorkerKey, workerKeyToBytes } from "../protocol";
import { saveReceipt, UNHURRIED } from "../store";
import { saveTexts } from "../store/saveTexts";
import { type AccuseDeps, accuse } from "./accuse";
import { sealTexts } from "./atRest";
import type { ClientDeps } from "./deps";
import { laneOf, type Session } from "./session";
import { storedOf } from "./storedRecord";

export interface ReceiptClaim {
  readonly session: Session;
  readonly worker: WorkerKey;
  readonly requestId: string;
  /** The record frame's JSON. */
  readonly record: Uint8Array;
  readonly maxCostNano: bigint | undefined;
  /** [32] each; undefined where this process no longer knows what was asked or has not seen the whole answer. */
  readonly requestHash: Uint8Array | undefined;
  readonly responseHash: Uint8Array | undefined;
  /** What was said, where the policy keeps it. */
  readonly texts?: { readonly request: string; readonly response: string } | undefined;
}

export interface TakenReceipt {
  readonly record: ReceiptRecord;
  /** The request's cost: known once the receipts before it are. */
  readonly costNano: Promise<bigint>;
  /** Resolves once the receipt is durable. */
  readonly saved: Promise<unknown>;
}

export type TakeDeps = Pick<ClientDeps, "secretBox"> &
  AccuseDeps & {
    /** What is on its way to the store, by its name: a stop waits for it. */
    readonly saving: Map<string, Promise<unknown>>;
  };

/**
 * Verifies a receipt in every respect that this client can, and starts to save it. Of one that does not hold the proof is
 * filed, if there is one.
 * Throws `RECEIPT_INVALID` or `HEAD_INVALID`; `costNano` rejects when a neighbour turns out to be wrong.
 */
export function takeReceipt(deps: TakeDeps, claim: ReceiptClaim): TakenReceipt {
  const record = parseRecord(claim.record);
  const { session, requestId } = claim;
  const startToAccuse = () => {
    const name = `accusation of ${requestId}`;
    const filing = accuse(deps, { session, record }).finally(() => deps.saving.delete(name));
    deps.saving.set(name, filing);
  };
  try {
    const taken = check(deps, claim, record);
    taken.costNano.catch(startToAccuse);
    return taken;
  } catch (thrown) {
    startToAccuse();
    throw thrown;
  }
}

function check(
  deps: Pick<ClientDeps, "store" | "secretBox">,
  claim: ReceiptClaim,
  record: ReceiptRecord,
): TakenReceipt {
  const { session, worker } = claim;
  const head = verifyRecord(record, {
    networkId: session.terms.networkId,
    job: session.address,
    workerPublicKey: workerKeyToBytes(worker),
    requestHash: claim.requestHash,
    responseHash: claim.responseHash,
    prices: session.terms,
  });
  const lane = laneOf(session, worker);
  const { leaf, signature } = record;
  const costNano = lane.add({ leaf, head, signature, maxCostNano: claim.maxCostNano });
  if (lane.isBroken()) {
    throw new FinalError("RECEIPT_INVALID", "The worker's receipts contradict each other.", {
      job: session.address,
      worker,
      index: leaf.index,
    });
  }
  const receipt = storedOf(record, { requestId: claim.requestId, job: session.address });
  const { texts, requestId } = claim;
  const sealed = texts === undefined ? undefined : sealTexts(deps, { requestId, ...texts });
  // One write: a receipt is never there without its texts.
  const saved = deps.store.batched(async (tx) => {
    await saveReceipt(tx, { receipt });
    if (sealed !== undefined) {
      await saveTexts(tx, { requestId, sealed });
    }
  }, UNHURRIED);
  return { record, costNano, saved };
}
