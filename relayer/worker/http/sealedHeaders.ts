import type { IncomingHttpHeaders } from "node:http";
import { FinalError } from "../../errors";
import {
  fromBase64,
  type JobAddress,
  SIGNATURE_BYTES,
  toJobAddress,
  toNano,
  toWorkerKey,
  type WorkerKey,
} from "../../protocol";

export const SEALED_TYPE = "application/cocoon-sealed";
const MAX_DIGITS = 20;

/** The headers of `POST /v1/sealed`. */
export interface SealedHeaders {
  readonly job: JobAddress;
  readonly worker: WorkerKey;
  /** Nanoton. */
  readonly maxCost: bigint;
  /** Unix seconds. */
  readonly authExpires: number;
  readonly authorization: Uint8Array;
}

/** Throws `BAD_REQUEST` for a header that is missing or malformed. */
export function readSealedHeaders(headers: IncomingHttpHeaders): SealedHeaders {
  if (headers["content-type"] !== SEALED_TYPE) {
    throw new FinalError("BAD_REQUEST", `A sealed request has the content type ${SEALED_TYPE}.`);
  }
  const text = (name: string): string => {
    const value = headers[name];
    if (typeof value !== "string") {
      throw new FinalError("BAD_REQUEST", `The header ${name} is missing.`);
    }
    return value;
  };
  const expires = parseInteger(text("cocoon-auth-expires"), "cocoon-auth-expires");
  if (expires > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new FinalError("BAD_REQUEST", "The header cocoon-auth-expires is out of range.");
  }
  return {
    job: toJobAddress(text("cocoon-job")),
    worker: toWorkerKey(text("cocoon-worker")),
    maxCost: toNano(parseInteger(text("cocoon-max-cost"), "cocoon-max-cost")),
    authExpires: Number(expires),
    authorization: fromBase64(text("cocoon-authorization"), SIGNATURE_BYTES),
  };
}

/** A decimal text without sign. Throws `BAD_REQUEST`. */
export function parseInteger(text: string, field: string): bigint {
  if (text.length === 0 || text.length > MAX_DIGITS || [...text].some((char) => char < "0" || char > "9")) {
    throw new FinalError("BAD_REQUEST", `${field} is not a decimal number.`);
  }
  return BigInt(text);
}
