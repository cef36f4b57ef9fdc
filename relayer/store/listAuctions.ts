import { auctionFromRow } from "./auctionRows";
import type { Auction } from "./records";
import type { Store } from "./store";

/** Auctions in this state, the one that ends first before the others. */
export async function listAuctions(
  store: Store,
  { state }: { readonly state: Auction["state"] },
): Promise<readonly Auction[]> {
  const rows = await store.db
    .selectFrom("auctions")
    .selectAll()
    .where("state", "=", state)
    .orderBy("endsAtSeconds")
    .orderBy("job")
    .execute();
  return rows.map(auctionFromRow);
}
