import { enqueueIntent, findIntent, type Store } from "../store";
import type { ClientDeps } from "./deps";
import type { Lie } from "./findLie";
import { jobIntent } from "./jobMessages";

/** Proofs that may go out about one worker in one job: one that came back says nothing about the next. */
const MAX_PROOFS = 8;

/**
 * Queues the proof of a lie. The message, which holds the whole evidence, is durable once the transaction is; one goes out
 * for a worker in a job, and another only when the contract has refused it and there is more to show.
 */
export async function fileProof(
  deps: Pick<ClientDeps, "wallet">,
  tx: Store,
  { job, worker, lie }: { readonly job: string; readonly worker: string; readonly lie: Lie },
): Promise<"queued" | "known" | "refused"> {
  for (let count = 0; count < MAX_PROOFS; count += 1) {
    const key = `accuse:${job}:${worker}${count === 0 ? "" : `#${count}`}`;
    const intent = jobIntent(deps, { key, job, body: lie.body });
    const before = await findIntent(tx, { key });
    if (before?.status !== "bounced") {
      return await enqueueIntent(tx, { intent });
    }
    if (before.body === intent.body) {
      break;
    }
  }
  return "refused";
}
