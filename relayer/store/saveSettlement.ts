import type { Store } from "./store";
import { toU64Text, toU64TextOrNull } from "./u64";

/**
 * What is known of a lane's money. `claimedNano` and `settledNano` are cumulative and only grow, so that a repeated or
 * late report changes nothing; a field left out stays as it is. False when the lane is unknown.
 */
export async function saveSettlement(
  store: Store,
  change: {
    readonly job: string;
    readonly worker: string;
    readonly claimedNano?: bigint;
    readonly settledNano?: bigint;
    readonly pendingNano?: bigint;
    readonly pendingUntilSeconds?: number;
  },
): Promise<boolean> {
  const claimed = toU64TextOrNull(change.claimedNano);
  const settled = toU64TextOrNull(change.settledNano);
  return await store.transaction(async (tx) => {
    const result = await tx.db
      .updateTable("lanes")
      .set((set) => ({
        ...(claimed === null
          ? {}
          : {
              claimed: set.case().when("claimed", "<", claimed).then(claimed).else(set.ref("claimed")).end(),
            }),
        ...(settled === null
          ? {}
          : {
              settled: set.case().when("settled", "<", settled).then(settled).else(set.ref("settled")).end(),
            }),
        ...(change.pendingNano === undefined ? {} : { pending: toU64Text(change.pendingNano) }),
        ...(change.pendingUntilSeconds === undefined
          ? {}
          : { pendingUntilSeconds: change.pendingUntilSeconds }),
        updatedAt: tx.clock.nowMs(),
      }))
      .where("job", "=", change.job)
      .where("worker", "=", change.worker)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  });
}
