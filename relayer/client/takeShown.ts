import { toCocoonError } from "../errors";
import { decodeLeaf, encodeRecord, equalBytes, fromBase64, type ReceiptRecord, toHex } from "../protocol";
import { type Call, findCallByHash, findReceipt, listReceipts, reviseCall } from "../store";
import { knownBeside } from "./accuse";
import type { Cosigner } from "./cosigner";
import type { ClientDeps } from "./deps";
import { fileProof } from "./fileProof";
import { findLie } from "./findLie";
import type { InFlight } from "./inFlight";
import type { PlacedReceipt } from "./placedReceipt";
import { type Claims, readClaim } from "./readClaims";
import { hex256 } from "./readProvider";
import { laneOf, type Session } from "./session";
import { chargeOf, type Spender } from "./spender";
import { type TakeDeps, takeReceipt } from "./takeReceipt";

export type ShownDeps = TakeDeps & {
  readonly inFlight: Pick<InFlight, "ban" | "isBanned">;
  readonly cosigner: Pick<Cosigner, "touch">;
  readonly spender: Pick<Spender, "settle">;
};

/**
 * Looks at the receipts that were shown to the chain when the developer demanded them. One whose request is known becomes the
 * receipt of that. Of a lie the proof is filed: true while one is on its way. What is neither is not owed, though nothing
 * proves it: the worker is banned, and the log says what is left to do.
 */
export async function takeShown(deps: ShownDeps, claims: Claims): Promise<boolean> {
  if (!(await isLacking(deps, claims))) {
    return false;
  }
  const { session, lanes } = claims;
  const { shown } = await claims.carried();
  // In the order of the log, so that each is held against the one before it.
  for (const receipt of shown.toSorted((a, b) => a.place - b.place)) {
    const lane = lanes.get(BigInt(`0x${receipt.worker}`));
    if (lane === undefined) {
      continue;
    }
    const { settledNano } = await readClaim(deps, claims, { worker: receipt.worker, lane });
    const mayProve = receipt.head.amount > settledNano;
    if (
      !(await isStored(deps, session, receipt)) &&
      mayProve &&
      (await accuseShown(deps, session, receipt))
    ) {
      return true; // the job ends by it
    }
    await take(deps, session, receipt);
  }
  return false;
}

/** True when a lane comes to more than the receipts that are here. */
async function isLacking(deps: ShownDeps, claims: Claims): Promise<boolean> {
  for (const [key, lane] of claims.lanes) {
    const worker = hex256(key);
    const { claimedNano, settledNano, heldNano } = await readClaim(deps, claims, { worker, lane });
    if (claimedNano > heldNano || settledNano > heldNano) {
      return true;
    }
  }
  return false;
}

async function isStored(
  { store }: Pick<ClientDeps, "store">,
  { address: job }: Session,
  { worker, place, leaf }: PlacedReceipt,
): Promise<boolean> {
  const [stored] = await listReceipts(store, { job, worker, fromIndex: BigInt(place), limit: 1 });
  return stored?.index === BigInt(place) && equalBytes(fromBase64(stored.leaf), leaf);
}

async function accuseShown(deps: ShownDeps, session: Session, receipt: PlacedReceipt): Promise<boolean> {
  const { address: job, terms } = session;
  const { worker } = receipt;
  const known = await knownBeside(deps.store, job, receipt);
  const lie = findLie({ networkId: terms.networkId, job, prices: terms, receipt, known });
  if (lie === undefined) {
    return false;
  }
  deps.inFlight.ban(worker, `It showed the chain a lie: ${lie.name}.`);
  const outcome = await fileProof(deps, deps.store, { job, worker, lie });
  if (outcome === "queued") {
    deps.log.warn({ msg: "worker accused", job, worker, lie: lie.name, outcome });
  }
  return outcome !== "refused";
}

async function take(deps: ShownDeps, session: Session, receipt: PlacedReceipt): Promise<void> {
  const record = recordOf(receipt);
  const reason =
    record === undefined ? "It is no receipt of its place." : await takeAsKnown(deps, session, record);
  if (reason !== undefined && !deps.inFlight.isBanned(receipt.worker)) {
    deps.inFlight.ban(receipt.worker, `It showed the chain a receipt that is not owed: ${reason}`);
    const { worker, place } = receipt;
    deps.log.error({
      msg: "a receipt was shown that is not owed and no proof shows it: dispute the claim",
      job: session.address,
      worker,
      index: place,
      reason,
    });
  }
}

/** The record that an answer would have come with; undefined where no worker gives such a one. */
function recordOf({ leaf, place, ...signed }: PlacedReceipt): ReceiptRecord | undefined {
  try {
    const decoded = decodeLeaf(leaf);
    return decoded.index === place ? { ...signed, leaf: decoded } : undefined;
  } catch {
    return undefined;
  }
}

/** Why it is not owed; undefined when it is, or when that cannot be told. */
async function takeAsKnown(
  deps: ShownDeps,
  session: Session,
  record: ReceiptRecord,
): Promise<string | undefined> {
  const { worker, leaf } = record;
  const { store } = deps;
  const asked = { job: session.address, worker, requestHash: toHex(leaf.requestHash) };
  const { call, isCertain } = await findCallByHash(store, asked);
  if (call === undefined) {
    return isCertain ? "It is of a request that was never made." : undefined;
  }
  if (call.status === "invalid") {
    return "It is of an answer whose receipt was false.";
  }
  const known = await findReceipt(store, call);
  if (known !== undefined && known.index !== BigInt(leaf.index)) {
    return "It is the second one of its request.";
  }
  if (known !== undefined && !isWrittenOff(call)) {
    return undefined;
  }
  try {
    await takeAsOf(deps, session, { record, call });
    return undefined;
  } catch (thrown) {
    const { code, message } = toCocoonError(thrown);
    return code === "RECEIPT_INVALID" || code === "HEAD_INVALID" ? message : undefined;
  }
}

/** Its end was noted without a receipt, at price zero. */
function isWrittenOff({ status }: Call): boolean {
  return status === "lost" || status === "unsent";
}

async function takeAsOf(
  deps: ShownDeps,
  session: Session,
  { record, call }: { readonly record: ReceiptRecord; readonly call: Call },
): Promise<void> {
  const { worker, leaf } = record;
  const { requestId, maxCostNano, status } = call;
  const lane = laneOf(session, worker);
  if (status === "lost" && leaf.index >= lane.size()) {
    lane.recall(maxCostNano);
  }
  const taken = takeReceipt(deps, {
    session,
    worker,
    requestId,
    record: encodeRecord(record),
    maxCostNano,
    requestHash: leaf.requestHash, // by which the call was found
    responseHash: undefined,
  });
  await taken.saved;
  deps.cosigner.touch(session, worker);
  deps.log.info({ msg: "shown receipt taken", job: session.address, worker, requestId, index: leaf.index });
  // A call that is not over yet is booked by whoever looks for its receipt. The cost waits for the receipts before it.
  if (isWrittenOff(call)) {
    taken.costNano
      .then((costNano) => bookLate(deps, call, { status: leaf.status, costNano }))
      .catch((thrown: unknown) => {
        const { code, message } = toCocoonError(thrown);
        deps.log.error({ msg: "call not booked", requestId, code, detail: message });
      });
  }
}

/** Once, however often its receipt is seen. */
async function bookLate(
  { store, spender }: Pick<ShownDeps, "store" | "spender">,
  call: Call,
  end: { readonly status: string; readonly costNano: bigint },
): Promise<void> {
  if (await reviseCall(store, { requestId: call.requestId, ...end })) {
    spender.settle(chargeOf(call), { reservedNano: 0n, costNano: end.costNano });
  }
}
