import { toCocoonError } from "../errors";
import type { ReceiptRecord } from "../protocol";
import { enqueueIntent, listReceipts } from "../store";
import type { ClientDeps } from "./deps";
import { findLie } from "./findLie";
import { jobIntent } from "./jobMessages";
import type { Session } from "./session";
import { recordOfStored } from "./storedRecord";

/** Receipts of the lane that a record is held against: as many as one needs to show a receipt beside the one before it. */
const MAX_KNOWN = 8192;

export type AccuseDeps = Pick<ClientDeps, "store" | "wallet" | "log">;

/**
 * Files the proof of a lie, where the record is one that the job's contract can see. The message, which holds the whole
 * evidence, is durable in the outbox before this resolves, and goes out once per worker and job, however often it is seen.
 * Never throws: whoever calls has refused the receipt already.
 */
export async function accuse(
  deps: AccuseDeps,
  { session, record }: { readonly session: Session; readonly record: ReceiptRecord },
): Promise<void> {
  const job = session.address;
  const { worker } = record;
  try {
    const known = await listReceipts(deps.store, { job, worker, limit: MAX_KNOWN });
    const { networkId } = session.terms;
    const lie = findLie({ networkId, job, prices: session.terms, record, known: known.map(recordOfStored) });
    if (lie === undefined) {
      deps.log.warn({ msg: "receipt refused, no lie to prove", job, worker });
      return;
    }
    const intent = jobIntent(deps, { key: `accuse:${job}:${worker}`, job, body: lie.body });
    const outcome = await enqueueIntent(deps.store, { intent });
    deps.log.warn({ msg: "worker accused", job, worker, lie: lie.name, outcome });
  } catch (thrown) {
    const { code, message } = toCocoonError(thrown);
    deps.log.error({ msg: "worker not accused", job, worker, code, detail: message });
  }
}
