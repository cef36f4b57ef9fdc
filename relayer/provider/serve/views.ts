import { FinalError } from "../../errors";
import { type JobAddress, toBase64, toHex, toJobAddress, toRequestId } from "../../protocol";
import { findReceipt, findTask } from "../../store";
import type { Context } from "../context";
import { usableKeys } from "../workers/formerKeys";
import { takesRequests } from "../workers/pool";
import { findServed } from "./admit";

/** `GET /v1/workers`: attested workers that answer, the least busy first. */
export function listWorkers(context: Pick<Context, "pool" | "book">): readonly object[] {
  return usableKeys(context)
    .filter(takesRequests)
    .flatMap(({ identity, onChain, slots }) =>
      onChain !== undefined && identity?.bindBytes !== undefined
        ? [
            {
              identity,
              bindBytes: identity.bindBytes,
              load: (slots.inUse() + slots.waiting()) / identity.capacity,
              slots,
            },
          ]
        : [],
    )
    .sort((a, b) => a.load - b.load)
    .map(({ identity, bindBytes, slots }) => ({
      receiptPublicKey: identity.receiptKey,
      hpkePublicKey: toHex(identity.hpkePublicKey),
      bind: toBase64(bindBytes),
      evidence: identity.evidence,
      modelHash: identity.modelHash,
      model: identity.model,
      contextLength: identity.contextLength,
      inFlight: slots.inUse() + slots.waiting(),
      capacity: identity.capacity,
    }));
}

/** `GET /v1/jobs/{job}`: the workers that serve the job now. Of no use to one who does not hold its session key. */
export function showJob(context: Pick<Context, "pool" | "book" | "clock">, address: string): object {
  const job = jobOfPath(address);
  findServed(context, job);
  const workers = usableKeys(context)
    .filter((entry) => takesRequests(entry) && entry.lanes.has(job))
    .flatMap(({ identity }) => identity?.receiptKey ?? []);
  return { job, workers };
}

/** `GET /v1/receipts/{requestId}`: the stored record, in the record frame's words. */
export async function showReceipt({ store }: Pick<Context, "store">, id: string): Promise<object> {
  const requestId = toRequestId(id);
  const found = await findReceipt(store, { requestId });
  if (found === undefined) {
    throw new FinalError("NOT_FOUND", "No receipt of this request is stored here.", { requestId });
  }
  return {
    requestId,
    job: found.job,
    leaf: found.leaf,
    index: Number(found.index),
    size: Number(found.head.size),
    proof: found.proof,
    root: found.head.root,
    amount: found.head.amountNano.toString(),
    issuedAt: found.head.issuedAtSeconds,
    signature: found.head.signature,
    worker: found.worker,
  };
}

/** `GET /v1/tasks/{job}`: the answer as it was signed, whole also where the chain has its hash alone. */
export async function showTask({ store }: Pick<Context, "store">, address: string): Promise<object> {
  const job = jobOfPath(address);
  const task = await findTask(store, { job });
  if (task?.answer === undefined) {
    throw new FinalError("NOT_FOUND", "No answer to this task is stored here.", { job });
  }
  const { worker, status, issuedAtSeconds, responseHash, response, signature } = task.answer;
  return { job, worker, status, issuedAt: issuedAtSeconds, responseHash, response, signature };
}

/** `GET /readyz`: whether a request could be served now. */
export function showReadiness(
  { pool }: Pick<Context, "pool">,
  { closing }: { readonly closing: boolean },
): { readonly ok: boolean; readonly workers: number; readonly stopping: boolean } {
  const serving = pool.all().filter((entry) => takesRequests(entry) && entry.onChain !== undefined).length;
  return { ok: serving > 0 && !closing, workers: serving, stopping: closing };
}

/** `GET /healthz`: that the process runs, and what it has. */
export function showHealth({ pool, book, providerRaw, networkId }: Context): object {
  const workers = pool.all();
  return {
    ok: true,
    provider: providerRaw,
    networkId,
    workers: workers.length,
    ready: workers.filter((entry) => takesRequests(entry) && entry.onChain !== undefined).length,
    // Alive and on their way into the contract: worth a developer's wait, unlike dead ones.
    pending: workers.filter((entry) => takesRequests(entry) && entry.onChain === undefined).length,
    jobs: [...book.entries()].filter(({ row }) => row.state === "active").length,
  };
}

function jobOfPath(text: string): JobAddress {
  try {
    return toJobAddress(decodeURIComponent(text));
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The job in the path is not valid.", {}, { cause });
  }
}
