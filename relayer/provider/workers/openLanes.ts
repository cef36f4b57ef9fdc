import { Address } from "@ton/core";
import { ProviderStake } from "../../../wrappers";
import { storeSyncLane } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { toCocoonError } from "../../errors";
import type { JobEntry } from "../book";
import { type Context, nowSeconds } from "../context";
import { readLaneEnds } from "../follow/followJobs";
import { sendOnce } from "../sendOnce";
import { allKeys } from "./formerKeys";
import { takesRequests, type WorkerEntry } from "./pool";

/**
 * One round: each active job's lanes stand in its contract for the workers that serve its model, with the end of their
 * present attestation, and at those workers with the job's present budget.
 */
export async function openLanes(context: Context): Promise<void> {
  for (const job of context.book.entries()) {
    if (job.row.state !== "active" || job.row.deadlineSeconds <= nowSeconds(context.clock)) {
      continue;
    }
    if (Object.values(job.facts.lanes).includes(0)) {
      await readLaneEnds(context, job.row.address);
    }
    for (const entry of allKeys(context)) {
      try {
        await openLane(context, job, entry);
      } catch (error) {
        const { code, message } = toCocoonError(error);
        context.log.warn({
          msg: "lane not opened",
          job: job.row.address,
          url: entry.url,
          code,
          detail: message,
        });
      }
    }
  }
}

async function openLane(context: Context, job: JobEntry, entry: WorkerEntry): Promise<void> {
  const { identity, onChain } = entry;
  if (
    !takesRequests(entry) ||
    identity === undefined ||
    onChain === undefined ||
    identity.modelHash !== job.row.modelHash
  ) {
    return;
  }
  const until = job.facts.lanes[identity.receiptKey];
  const known = until !== undefined;
  if (!known && entry.owner !== entry) {
    return; // keys that were followed by others get no new lanes
  }
  if (!known && liveLanes(context, job) >= context.policy.lanesPerJob) {
    return;
  }
  if (until !== 0 && (until ?? 0) < onChain.expiresAt) {
    await syncLane(context, {
      job: job.row.address,
      openedAt: job.facts.openedAt,
      worker: identity.receiptKey,
      expiresAt: onChain.expiresAt,
    });
  }
  const terms = job.row.terms;
  if (known && terms !== undefined && entry.lanes.get(job.row.address) !== job.row.budgetNano) {
    await context.pool.putLane(entry, {
      job: job.row.address,
      terms,
      budgetNano: job.row.budgetNano,
      deadlineAt: job.row.deadlineSeconds,
    });
    context.log.info({ msg: "lane opened at worker", job: job.row.address, worker: identity.receiptKey });
  }
}

/** Lanes whose worker is still there under these keys; those of dead and former ones are only settled. */
function liveLanes(context: Context, job: JobEntry): number {
  return Object.keys(job.facts.lanes).filter((worker) => {
    const entry = context.pool.find(worker);
    return entry !== undefined && entry.owner === entry && takesRequests(entry);
  }).length;
}

/** Tells the job how long a worker's attestation lasts; from the operator this opens the lane too. */
export async function syncLane(
  context: Context,
  lane: {
    readonly job: string;
    readonly openedAt: number;
    readonly worker: string;
    readonly expiresAt: number;
  },
): Promise<void> {
  const provider = openContract(context.reader, ProviderStake.fromAddress(context.provider));
  await sendOnce(context, {
    key: `lane:${lane.job}:${lane.openedAt}:${lane.worker}:${lane.expiresAt}`,
    kind: "lane",
    to: context.provider,
    valueNano: () => provider.getMinValueToSyncLane(),
    body: storeSyncLane({
      $$type: "SyncLane",
      queryId: 0n,
      job: Address.parseRaw(lane.job),
      worker: BigInt(`0x${lane.worker}`),
    }),
  });
}
