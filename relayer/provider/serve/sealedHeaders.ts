import type { IncomingHttpHeaders } from "node:http";
import { FinalError } from "../../errors";
import { fromBase64, isRawAddress, SIGNATURE_BYTES, toWorkerKey, type WorkerKey } from "../../protocol";

const MAX_U64 = (1n << 64n) - 1n;
const MAX_DIGITS = 20;

/** The headers that make a sealed request payable. */
export interface SealedHeaders {
  readonly job: string;
  readonly worker: WorkerKey;
  readonly maxCostNano: bigint;
  readonly authExpires: number;
  readonly authorization: Uint8Array;
}

/** Throws `BAD_REQUEST` naming the header that is missing or not well formed. */
export function parseSealedHeaders(headers: IncomingHttpHeaders): SealedHeaders {
  if (headers["content-type"] !== "application/cocoon-sealed") {
    throw bad("content-type");
  }
  const job = headers["cocoon-job"];
  if (typeof job !== "string" || !isRawAddress(job)) {
    throw bad("cocoon-job");
  }
  const worker = headers["cocoon-worker"];
  const authorization = headers["cocoon-authorization"];
  if (typeof worker !== "string" || worker.length !== 64) {
    throw bad("cocoon-worker");
  }
  if (typeof authorization !== "string") {
    throw bad("cocoon-authorization");
  }
  const maxCostNano = decimal(headers["cocoon-max-cost"], "cocoon-max-cost");
  const authExpires = Number(decimal(headers["cocoon-auth-expires"], "cocoon-auth-expires"));
  if (maxCostNano > MAX_U64 || !Number.isSafeInteger(authExpires)) {
    throw bad("cocoon-max-cost or cocoon-auth-expires");
  }
  return {
    job,
    worker: toWorkerKey(worker),
    maxCostNano,
    authExpires,
    authorization: fromBase64(authorization, SIGNATURE_BYTES),
  };
}

export function decimal(text: unknown, name: string): bigint {
  if (typeof text !== "string" || text.length === 0 || text.length > MAX_DIGITS) {
    throw bad(name);
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) {
      throw bad(name);
    }
  }
  return BigInt(text);
}

function bad(name: string): FinalError {
  return new FinalError("BAD_REQUEST", `The header ${name} is missing or not well formed.`, { header: name });
}
