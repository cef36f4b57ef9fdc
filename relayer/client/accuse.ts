import { toCocoonError } from "../errors";
import type { ReceiptRecord } from "../protocol";
import { countWhole, listReceipts, type Store } from "../store";
import type { ClientDeps } from "./deps";
import { fileProof } from "./fileProof";
import { findLie } from "./findLie";
import { type PlacedReceipt, placedOf } from "./placedReceipt";
import type { Session } from "./session";
import { recordOfStored } from "./storedRecord";

/** Receipts of the lane that a record is held against: as many as one needs to show a receipt beside the one before it. */
const MAX_KNOWN = 8192;

export type AccuseDeps = Pick<ClientDeps, "store" | "wallet" | "log">;

/**
 * Files the proof of a lie, where the record is one that the job's contract can see; it is durable before this resolves.
 * Never throws: whoever calls has refused the receipt already.
 */
export async function accuse(
  deps: AccuseDeps,
  { session, record }: { readonly session: Session; readonly record: ReceiptRecord },
): Promise<void> {
  const { worker } = record;
  const { address: job, terms } = session;
  try {
    // Behind whatever is still being saved, which the record may contradict, and not after the call is booked as over.
    const filed = await deps.store.batched(async (tx) => {
      const receipt = placedOf(record);
      const known = await knownBeside(tx, job, receipt);
      const lie = findLie({ networkId: terms.networkId, job, prices: terms, receipt, known });
      return lie === undefined
        ? undefined
        : { lie: lie.name, outcome: await fileProof(deps, tx, { job, worker, lie }) };
    });
    if (filed === undefined) {
      deps.log.warn({ msg: "receipt refused, no lie to prove", job, worker });
      return;
    }
    deps.log.warn({ msg: "worker accused", job, worker, ...filed });
  } catch (thrown) {
    const { code, message } = toCocoonError(thrown);
    deps.log.error({ msg: "worker not accused", job, worker, code, detail: message });
  }
}

/** The lane's first receipts, those in the receipt's place and right before it, the one that its head ends with, and the newest. */
export async function knownBeside(
  tx: Store,
  job: string,
  { worker, place, head }: Pick<PlacedReceipt, "worker" | "place" | "head">,
): Promise<readonly PlacedReceipt[]> {
  const newest = (await countWhole(tx, { job, worker })) - 1;
  const pages = [
    { from: 0, limit: MAX_KNOWN },
    ...[place - 1, place, head.size - 1, newest]
      .filter((index) => index >= MAX_KNOWN)
      .map((from) => ({ from, limit: 1 })),
  ];
  const known = new Map<bigint, PlacedReceipt>();
  for (const { from, limit } of pages) {
    for (const stored of await listReceipts(tx, { job, worker, fromIndex: BigInt(from), limit })) {
      known.set(stored.index, placedOf(recordOfStored(stored)));
    }
  }
  return [...known.values()];
}
