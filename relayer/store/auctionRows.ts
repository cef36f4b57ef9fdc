import { z } from "zod";
import type { Auction } from "./records";
import type { AuctionsTable } from "./tables";
import { fromU64Text } from "./u64";

const nano = z.string().transform((text) => BigInt(text));
const ceilingSchema = z.object({
  promptPrice: nano,
  cachedPrice: nano,
  completionPrice: nano,
  reasoningPrice: nano,
});

export function auctionFromRow(row: AuctionsTable): Auction {
  return {
    job: row.job,
    modelHash: row.modelHash,
    developer: row.developer,
    nonce: fromU64Text(row.nonce),
    budgetNano: fromU64Text(row.budget),
    openedAtSeconds: Number(row.openedAtSeconds),
    endsAtSeconds: Number(row.endsAtSeconds),
    ceiling: ceilingSchema.parse(JSON.parse(row.ceiling)),
    state: row.state,
    bid: row.bidBps === null ? undefined : { bps: Number(row.bidBps), atMs: Number(row.bidAt ?? 0) },
  };
}
