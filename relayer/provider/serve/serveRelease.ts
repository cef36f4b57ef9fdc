import { z } from "zod";
import { FinalError } from "../../errors";
import { checkRelease, fromBase64, SIGNATURE_BYTES, toJobAddress } from "../../protocol";
import { findJob, saveJob } from "../../store";
import { type Context, nowSeconds } from "../context";

const releaseSchema = z.strictObject({
  job: z.string(),
  expiresAt: z.int().min(0),
  signature: z.string(),
});

/**
 * `POST /v1/jobs/release`: the developer wants the job to end. It is written down before it is answered; from then on
 * nothing new is served, and the settler pays what is co-signed and sends `ReleaseJob`. Asked again, it changes nothing.
 */
export async function takeRelease(context: Context, body: unknown): Promise<{ readonly state: "releasing" }> {
  const parsed = releaseSchema.safeParse(body);
  if (!parsed.success) {
    throw new FinalError("BAD_REQUEST", `The request is not well formed: ${z.prettifyError(parsed.error)}`);
  }
  const job = toJobAddress(parsed.data.job);
  const entry = context.book.find(job);
  if (entry === undefined) {
    throw new FinalError("NOT_FOUND", "This provider has no such job: it may have ended already.", { job });
  }
  checkRelease({
    ask: { networkId: context.networkId, job, expiresAt: parsed.data.expiresAt },
    sessionPublicKey: entry.terms.sessionPublicKey,
    signature: fromBase64(parsed.data.signature, SIGNATURE_BYTES),
    nowSeconds: nowSeconds(context.clock),
  });
  if (entry.row.state !== "active" && entry.row.state !== "closing") {
    throw new FinalError("JOB_NOT_ACTIVE", `The job is ${entry.row.state}: there is nothing to release.`, {
      job,
    });
  }
  await noteRelease(context, job);
  context.kick.settle();
  return { state: "releasing" };
}

async function noteRelease(context: Context, address: string): Promise<void> {
  const releaseAskedAt = nowSeconds(context.clock);
  const noted = await context.store.transaction(async (tx) => {
    const job = await findJob(tx, { role: "provider", address });
    if (job === undefined || job.state === "closed" || job.extra.releaseAskedAt !== undefined) {
      return job;
    }
    const asked = { ...job, extra: { ...job.extra, releaseAskedAt } };
    await saveJob(tx, { job: asked });
    return asked;
  });
  if (noted !== undefined) {
    context.book.put(noted);
    context.log.info({ msg: "release asked for", job: address });
  }
}
