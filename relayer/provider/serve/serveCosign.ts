import { z } from "zod";
import { FinalError } from "../../errors";
import {
  fromBase64,
  fromHex,
  SIGNATURE_BYTES,
  toJobAddress,
  toWorkerKey,
  verifyCosign,
  verifyHead,
} from "../../protocol";
import { saveCosignature } from "../../store";
import type { Context } from "../context";
import { decimal } from "./sealedHeaders";

const cosignSchema = z.strictObject({
  job: z.string(),
  worker: z.string(),
  size: z.int().min(1),
  root: z.string(),
  amount: z.string(),
  issuedAt: z.int().min(0),
  signature: z.string(),
  cosignature: z.string(),
});

/** Both signatures over this head are checked before it is stored: a co-signature is money. */
export async function takeCosignature(
  context: Pick<Context, "book" | "store" | "networkId" | "metrics" | "kick">,
  body: unknown,
): Promise<{ readonly stored: "saved" | "older" }> {
  const parsed = cosignSchema.safeParse(body);
  if (!parsed.success) {
    throw new FinalError(
      "BAD_REQUEST",
      `The co-signature is not well formed: ${z.prettifyError(parsed.error)}`,
    );
  }
  const fields = parsed.data;
  const job = toJobAddress(fields.job);
  const worker = toWorkerKey(fields.worker);
  const entry = context.book.find(job);
  if (entry === undefined || entry.facts.lanes[worker] === undefined) {
    throw new FinalError(
      "NOT_FOUND",
      "This provider has no such lane: the job has ended or names another worker.",
      { job, worker },
    );
  }
  const head = {
    networkId: context.networkId,
    job,
    size: fields.size,
    root: fromBase64(fields.root, 32),
    amount: decimal(fields.amount, "amount"),
    issuedAt: fields.issuedAt,
  };
  const workerPublicKey = fromHex(worker, 32);
  const cosignature = fromBase64(fields.cosignature, SIGNATURE_BYTES);
  const { sessionPublicKey } = entry.terms;
  if (!verifyHead(workerPublicKey, head, fromBase64(fields.signature, SIGNATURE_BYTES))) {
    throw new FinalError("HEAD_INVALID", "The worker did not sign this head.", {
      job,
      worker,
      size: head.size,
    });
  }
  if (!verifyCosign({ sessionPublicKey, workerPublicKey, head, cosignature })) {
    throw new FinalError("HEAD_INVALID", "The job's session key did not co-sign this head.", {
      job,
      worker,
      size: head.size,
    });
  }
  const stored = await saveCosignature(context.store, {
    head: {
      job,
      worker,
      size: BigInt(head.size),
      root: fields.root,
      amountNano: head.amount,
      issuedAtSeconds: head.issuedAt,
      signature: fields.signature,
    },
    cosignature: fields.cosignature,
  });
  context.book.earned(entry, worker, head.amount);
  context.kick.settle();
  return { stored };
}
