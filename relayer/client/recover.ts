import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { toCocoonError } from "../errors";
import { encodeRecord, fromHex, toWorkerKey, utf8ToBytes } from "../protocol";
import { type Call, findReceipt, listCalls } from "../store";
import { bookCall, type EndedCall } from "./bookCall";
import type { Cosigner } from "./cosigner";
import type { InFlight } from "./inFlight";
import { keepUntilSaved, type ReadDeps } from "./readAnswer";
import { laneOf, type Session } from "./session";
import type { Sessions } from "./sessions";
import { chargeOf } from "./spender";
import { recordOfStored } from "./storedRecord";
import { takeReceipt } from "./takeReceipt";

/** The provider stores a stopped answer's receipt shortly after the connection ends. */
const DELAYS_MS = [150, 500, 2_000, 8_000] as const;
/** A provider that cannot be asked is asked again ever more rarely. */
const LATER = { multiplier: 1.5, maxDelayMs: 60_000 } as const;
const MAX_UNFINISHED = 10_000;

/** The fields of a record frame, out of whatever else the provider tells about the receipt. */
const storedSchema = z.object({
  leaf: z.string(),
  index: z.number(),
  size: z.number(),
  proof: z.array(z.string()),
  root: z.string(),
  amount: z.string(),
  issuedAt: z.number(),
  signature: z.string(),
  worker: z.string(),
});

interface Missing extends EndedCall {
  readonly session: Session;
  readonly worker: string;
  readonly requestHash: Uint8Array | undefined;
}

export type RecoverDeps = Pick<
  ReadDeps,
  "store" | "secretBox" | "wallet" | "log" | "http" | "spender" | "saving"
> & {
  readonly inFlight: Pick<InFlight, "ban">;
  readonly cosigner: Pick<Cosigner, "touch">;
  readonly sessions: Pick<Sessions, "release" | "byAddress">;
  /** Ends the search; the next start goes on with it. */
  readonly stop: AbortSignal;
  /** Waits, or throws when `signal` aborts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

/**
 * Finds the receipt of an answer that was not read to its end: with its provider, or here, where it was shown on the chain
 * and taken from there. A call is written off when its provider says that it
 * has no receipt of it, or when its job has ended: a provider that is merely away may still claim what it served.
 */
export async function recoverReceipt(deps: RecoverDeps, missing: Missing): Promise<void> {
  const wait = deps.wait ?? ((ms, signal) => pause(ms, undefined, { ref: false, signal }));
  let delayMs = 0;
  for (let turn = 0; missing.session.state !== "closed"; turn += 1) {
    delayMs = DELAYS_MS[turn] ?? Math.min(delayMs * LATER.multiplier, LATER.maxDelayMs);
    try {
      await wait(delayMs, deps.stop);
    } catch {
      return;
    }
    const found = await fetchReceipt(deps, missing);
    if (found === "taken" || deps.stop.aborted) {
      return;
    }
    if (found === "none" && turn + 1 >= DELAYS_MS.length) {
      break;
    }
  }
  const worker = toWorkerKey(missing.worker);
  if ((await storedRecord(deps, missing)) !== undefined && (await fetchReceipt(deps, missing)) === "taken") {
    return;
  }
  deps.log.warn({
    msg: "call written off",
    requestId: missing.requestId,
    job: missing.session.address,
    worker,
  });
  laneOf(missing.session, worker).forgive(missing.maxCostNano);
  deps.cosigner.touch(missing.session, worker);
  bookCall(deps, missing, { status: "lost", costNano: 0n });
}

/** taken: booked, as what it is. none: the provider answered that it has no such receipt. unknown: it did not answer. */
async function fetchReceipt(deps: RecoverDeps, missing: Missing): Promise<"taken" | "none" | "unknown"> {
  try {
    const record = (await storedRecord(deps, missing)) ?? (await askProvider(deps, missing));
    const worker = toWorkerKey(missing.worker);
    const taken = takeReceipt(deps, { ...missing, worker, record, responseHash: undefined });
    keepUntilSaved(deps, missing.requestId, taken.saved);
    deps.cosigner.touch(missing.session, worker);
    const { status } = taken.record.leaf;
    taken.costNano.then(
      (costNano) => bookCall(deps, missing, { status, costNano }),
      () => bookCall(deps, missing, { status: "invalid", costNano: 0n }),
    );
    return "taken";
  } catch (thrown) {
    const { code, message } = toCocoonError(thrown);
    if (code === "NOT_FOUND") {
      return "none";
    }
    if (code !== "RECEIPT_INVALID" && code !== "HEAD_INVALID") {
      return "unknown";
    }
    const { requestId, worker } = missing;
    deps.inFlight.ban(worker, message);
    deps.log.error({ msg: "receipt invalid", code, requestId, worker });
    bookCall(deps, missing, { status: "invalid", costNano: 0n });
    return "taken";
  }
}

async function storedRecord(
  { store }: Pick<RecoverDeps, "store">,
  { requestId }: Pick<Missing, "requestId">,
): Promise<Uint8Array | undefined> {
  const stored = await findReceipt(store, { requestId });
  return stored === undefined ? undefined : encodeRecord(recordOfStored(stored));
}

async function askProvider(
  { http }: Pick<RecoverDeps, "http">,
  { session, requestId }: Pick<Missing, "session" | "requestId">,
): Promise<Uint8Array> {
  const path = `/v1/receipts/${requestId}`;
  const fields = await http.json(session.endpoint, { method: "GET", path, schema: storedSchema });
  return utf8ToBytes(JSON.stringify(fields));
}

/** After a restart: the receipts of calls whose end this gateway did not live to see. */
export async function recoverCalls(deps: RecoverDeps): Promise<void> {
  const calls = await listCalls(deps.store, { unfinished: true, limit: MAX_UNFINISHED });
  await Promise.all(calls.map((call) => recoverCall(deps, call)));
}

async function recoverCall(deps: RecoverDeps, call: Call): Promise<void> {
  const session = deps.sessions.byAddress(call.job);
  if (session === undefined) {
    bookCall(deps, { ...call, charge: chargeOf(call), session: undefined }, { status: "lost", costNano: 0n });
    return;
  }
  session.reservedNano += call.maxCostNano;
  const requestHash = call.requestHash === undefined ? undefined : fromHex(call.requestHash, 32);
  await recoverReceipt(deps, { ...call, charge: chargeOf(call), session, requestHash });
}
