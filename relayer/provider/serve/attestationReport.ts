import { z } from "zod";
import { FinalError, RetryableError } from "../../errors";
import { toWorkerKey } from "../../protocol";
import type { Context } from "../context";
import { callJson } from "../workers/callJson";
import { allKeys } from "../workers/formerKeys";
import { takesRequests } from "../workers/pool";

const PATH = "/v1/attestation/report";

/**
 * `GET /v1/attestation/report?model=&nonce=[&worker=]`: passes the question to an attested worker of that model, the
 * least busy or the one named. The answer is the worker's: who asked verifies it, and the nonce in it.
 */
export async function showAttestationReport(
  { pool, policy }: Pick<Context, "pool" | "policy">,
  url: string,
): Promise<object> {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  const model = query.get("model");
  const nonce = query.get("nonce") ?? "";
  const named = query.get("worker");
  const worker = named === null ? undefined : toWorkerKey(named);
  if (!/^[0-9a-f]{64}$/.test(nonce)) {
    throw new FinalError("BAD_REQUEST", "nonce must be 32 bytes as lower-case hex.");
  }
  const candidates = allKeys({ pool })
    .filter(
      (entry) =>
        takesRequests(entry) &&
        entry.onChain !== undefined &&
        (model === null || entry.identity?.model === model) &&
        (worker === undefined || entry.identity?.receiptKey === worker),
    )
    .sort((a, b) => a.slots.inUse() - b.slots.inUse());
  const [chosen] = candidates;
  if (chosen === undefined) {
    throw new RetryableError("NO_WORKER", "No attested worker of this model answers now.");
  }
  const { dispatcher } = pool;
  const key = chosen.identity?.receiptKey ?? "";
  const call = { dispatcher, method: "GET", timeoutMs: policy.callMs } as const;
  return await callJson(
    { ...call, url: `${chosen.url}${PATH}?nonce=${nonce}&worker=${key}` },
    z.looseObject({}),
  );
}
