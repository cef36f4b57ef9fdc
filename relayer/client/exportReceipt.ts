import { z } from "zod";
import { toRawAddress } from "../protocol";
import { findCall, findJob, findLane, findReceipt } from "../store";
import { findTexts } from "../store/findTexts";
import { openSalt, openTexts } from "./atRest";
import type { ClientDeps } from "./deps";
import { type ReceiptFile, receiptFileSchema } from "./receiptFile";

const bindsSchema = z.object({ binds: z.record(z.string(), z.string()) });

/** The whole receipt of a call; undefined while none is stored, and once it was deleted. Texts are in it only where the policy keeps them. */
export async function exportReceipt(
  deps: Pick<ClientDeps, "store" | "network" | "secretBox">,
  { requestId }: { readonly requestId: string },
): Promise<ReceiptFile | undefined> {
  const [receipt, call] = await Promise.all([
    findReceipt(deps.store, { requestId }),
    findCall(deps.store, { requestId }),
  ]);
  const salt = call === undefined ? undefined : openSalt(deps, call);
  if (receipt === undefined || salt === undefined) {
    return undefined;
  }
  const [job, lane, texts] = await Promise.all([
    findJob(deps.store, { role: "gateway", address: receipt.job }),
    findLane(deps.store, { job: receipt.job, worker: receipt.worker }),
    findTexts(deps.store, { requestId }),
  ]);
  const bind = job === undefined ? undefined : bindsSchema.parse(job.extra).binds[receipt.worker];
  if (job?.terms === undefined || job.provider === undefined || bind === undefined) {
    return undefined;
  }
  const { size, root, amountNano, issuedAtSeconds, signature } = receipt.head;
  const isCosigned = lane?.cosigned !== undefined && lane.cosigned.head.signature === signature;
  return receiptFileSchema.parse({
    version: 1,
    network: {
      globalId: deps.network.globalId,
      registry: toRawAddress(deps.network.registry.toRawString()),
    },
    job: receipt.job,
    provider: job.provider,
    worker: receipt.worker,
    terms: job.terms,
    bind,
    salt,
    ...(texts !== undefined && "sealed" in texts ? openTexts(deps, { requestId, ...texts }) : texts),
    leaf: receipt.leaf,
    proof: receipt.proof,
    head: { size: Number(size), root, amount: amountNano.toString(), issuedAt: issuedAtSeconds },
    signature,
    ...(isCosigned ? { cosignature: lane.cosigned?.cosignature } : {}),
  });
}
