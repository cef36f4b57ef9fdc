import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { toCocoonError } from "../errors";
import { toWorkerKey, utf8ToBytes } from "../protocol";
import { type Call, listCalls } from "../store";
import { bookCall, type EndedCall } from "./bookCall";
import { keepUntilSaved, type ReadDeps } from "./readAnswer";
import { laneOf, type Session } from "./session";
import { takeReceipt } from "./takeReceipt";

/** The provider stores a stopped answer's receipt shortly after the connection ends. */
const DELAYS_MS = [150, 500, 2_000, 8_000] as const;
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

/** Fetches the receipt of an answer that was not read to its end. What never reached a worker has none and costs nothing. */
export async function recoverReceipt(
  deps: Omit<ReadDeps, "recover">,
  missing: Missing,
  delaysMs: readonly number[] = DELAYS_MS,
): Promise<void> {
  for (const delayMs of delaysMs) {
    await pause(delayMs, undefined, { ref: false });
    try {
      const fields = await deps.http.json(missing.session.endpoint, {
        method: "GET",
        path: `/v1/receipts/${missing.requestId}`,
        schema: storedSchema,
      });
      const worker = toWorkerKey(missing.worker);
      const taken = takeReceipt(deps, {
        ...missing,
        worker,
        record: utf8ToBytes(JSON.stringify(fields)),
        responseHash: undefined,
      });
      keepUntilSaved(deps, missing.requestId, taken.saved);
      deps.cosigner.touch(missing.session, worker);
      const { status } = taken.record.leaf;
      taken.costNano.then(
        (costNano) => bookCall(deps, missing, { status, costNano }),
        () => bookCall(deps, missing, { status: "invalid", costNano: 0n }),
      );
      return;
    } catch (thrown) {
      const { code } = toCocoonError(thrown);
      if (code === "RECEIPT_INVALID" || code === "HEAD_INVALID") {
        deps.inFlight.ban(missing.worker);
        deps.log.error({
          msg: "receipt invalid",
          code,
          requestId: missing.requestId,
          worker: missing.worker,
        });
        bookCall(deps, missing, { status: "invalid", costNano: 0n });
        return;
      }
    }
  }
  laneOf(missing.session, toWorkerKey(missing.worker)).forgive(missing.maxCostNano);
  deps.cosigner.touch(missing.session, toWorkerKey(missing.worker));
  bookCall(deps, missing, { status: "lost", costNano: 0n });
}

/** After a restart: the receipts of calls whose end this gateway did not live to see. */
export async function recoverCalls(deps: Omit<ReadDeps, "recover">): Promise<void> {
  const calls = await listCalls(deps.store, { unfinished: true, limit: MAX_UNFINISHED });
  await Promise.all(calls.map((call) => recoverCall(deps, call)));
}

async function recoverCall(deps: Omit<ReadDeps, "recover">, call: Call): Promise<void> {
  const session = deps.sessions.byAddress(call.job);
  if (session === undefined) {
    bookCall(deps, { ...call, session: undefined }, { status: "lost", costNano: 0n });
    return;
  }
  session.reservedNano += call.maxCostNano;
  await recoverReceipt(deps, { ...call, session, requestHash: undefined });
}
