import { z } from "zod";
import { FinalError, RetryableError } from "../errors";
import type { ClientDeps } from "./deps";
import type { Directory } from "./directory";

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const reportSchema = z.looseObject({
  model: z.string(),
  receiptPublicKey: hex32,
  hpkePublicKey: hex32,
  bind: z.string(),
  nonce: hex32,
  evidence: z.unknown(),
});

export interface AttestationReport {
  readonly provider: string;
  /** Receipt key of the worker that made it. */
  readonly worker: string;
  readonly report: z.infer<typeof reportSchema>;
}

/**
 * Evidence that a worker makes now, over the caller's nonce. It must be of the worker that was asked, with the keys and
 * the statement that the chain attests, and over that nonce; throws `ATTESTATION_REFUSED` otherwise. The evidence itself
 * is the caller's to verify: this client has verified the worker's own before it became one that may be used.
 */
export async function attestationReport(
  deps: Pick<ClientDeps, "http"> & { readonly directory: Pick<Directory, "workersOf"> },
  asked: { readonly model: string; readonly nonce: string; readonly worker?: string | undefined },
): Promise<AttestationReport> {
  const workers = deps.directory.workersOf(asked.model);
  const worker = workers.find(({ key }) => asked.worker === undefined || key === asked.worker);
  if (worker === undefined) {
    throw workers.length === 0 || asked.worker !== undefined
      ? new FinalError("NOT_FOUND", "No attested worker serves this model under this key.", {
          param: "model",
        })
      : new RetryableError("NO_WORKER", "No attested worker answers now.");
  }
  const query = new URLSearchParams({ model: asked.model, nonce: asked.nonce, worker: worker.key });
  const report = await deps.http.json(worker.endpoint, {
    method: "GET",
    path: `/v1/attestation/report?${query}`,
    schema: reportSchema,
  });
  const isTheirs =
    report.receiptPublicKey === worker.key && report.bind === worker.bind && report.nonce === asked.nonce;
  if (!isTheirs) {
    throw new FinalError("ATTESTATION_REFUSED", "The report is of another worker or over another nonce.", {
      worker: worker.key,
    });
  }
  return { provider: worker.provider, worker: worker.key, report };
}
