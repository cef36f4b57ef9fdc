import type { Auction } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/** Writes an auction as it now stands. A job that is put up anew at the same address takes the place of the one before. */
export async function saveAuction(store: Store, { auction }: { readonly auction: Auction }): Promise<void> {
  const now = store.clock.nowMs();
  const { ceiling } = auction;
  const columns = {
    modelHash: auction.modelHash,
    developer: auction.developer,
    nonce: toU64Text(auction.nonce),
    budget: toU64Text(auction.budgetNano),
    openedAtSeconds: auction.openedAtSeconds,
    endsAtSeconds: auction.endsAtSeconds,
    ceiling: JSON.stringify({
      promptPrice: ceiling.promptPrice.toString(),
      cachedPrice: ceiling.cachedPrice.toString(),
      completionPrice: ceiling.completionPrice.toString(),
      reasoningPrice: ceiling.reasoningPrice.toString(),
    }),
    state: auction.state,
    bidBps: auction.bid?.bps ?? null,
    bidAt: auction.bid?.atMs ?? null,
    updatedAt: now,
  };
  await store.db
    .insertInto("auctions")
    .values({ job: auction.job, createdAt: now, ...columns })
    .onConflict((conflict) => conflict.column("job").doUpdateSet(columns))
    .execute();
}
