import type { Job } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/** Writes a job as it now stands; the same job again changes nothing but its time. */
export async function saveJob(store: Store, { job }: { readonly job: Job }): Promise<void> {
  const now = store.clock.nowMs();
  const columns = {
    provider: job.provider ?? null,
    developer: job.developer,
    nonce: toU64Text(job.nonce),
    modelHash: job.modelHash,
    sessionKey: job.sessionKey,
    terms: job.terms ?? null,
    budget: toU64Text(job.budgetNano),
    settled: toU64Text(job.settledNano),
    pending: toU64Text(job.pendingNano),
    state: job.state,
    deadlineSeconds: job.deadlineSeconds,
    closeSeconds: job.closeSeconds ?? null,
    extra: JSON.stringify(job.extra),
    updatedAt: now,
  };
  await store.db
    .insertInto("jobs")
    .values({ role: job.role, address: job.address, createdAt: now, ...columns })
    .onConflict((conflict) => conflict.columns(["role", "address"]).doUpdateSet(columns))
    .execute();
}
