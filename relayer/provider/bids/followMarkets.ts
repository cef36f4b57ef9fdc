import { modelMarket, NetworkRegistry, type ProtocolEvent } from "../../../wrappers";
import { jobCodeForm } from "../../../wrappers/codes";
import { type AuctionAnnouncedEvent, loadAuctionService, loadJobTerms } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { FinalError } from "../../errors";
import { listAuctions, type Store, saveAuction } from "../../store";
import { type Context, nowSeconds } from "../context";
import { followAccount } from "../follow/followAccount";
import type { BidPolicy } from "./bidPolicy";

/** Follows the market of every model of the policy; each auction that can still be bid in is written down. */
export async function followMarkets(context: Context, policy: BidPolicy): Promise<void> {
  const registry = openContract(context.reader, NetworkRegistry.fromAddress(context.registry));
  const jobCode = await jobCodeForm((await registry.getNetworkState()).jobCodeHash);
  if (jobCode === undefined) {
    throw new FinalError("CONFIG_INVALID", "The network's jobs have other code than this version.");
  }
  await Promise.all(
    [...policy.models.keys()].map(async (model) => {
      const modelHash = BigInt(`0x${model}`);
      const market = await modelMarket({ registry: context.registry, modelHash, jobCode });
      await followAccount(context, {
        account: market.address,
        signal: context.signal,
        effects: {
          onEvent: (tx, event) => noteAuction(context, tx, event),
          after: () => Promise.resolve(false),
        },
      });
    }),
  );
}

/** The market has proved the job by its address, so what its event says of it is the job's own word. */
async function noteAuction(context: Context, tx: Store, event: ProtocolEvent): Promise<void> {
  if (event.$$type !== "AuctionAnnouncedEvent" || Number(event.endsAt) <= nowSeconds(context.clock)) {
    return;
  }
  const open = await listAuctions(tx, { state: "open" });
  if (open.length >= context.policy.maxJobs) {
    context.log.warn({ msg: "auction passed over", job: event.job.toRawString(), open: open.length });
    return;
  }
  await saveAuction(tx, { auction: auctionOf(event) });
}

function auctionOf(event: AuctionAnnouncedEvent) {
  const terms = loadJobTerms(event.terms.beginParse());
  const { modelHash, prices } = loadAuctionService(terms.service.beginParse());
  return {
    job: event.job.toRawString(),
    modelHash: modelHash.toString(16).padStart(64, "0"),
    developer: event.developer.toRawString(),
    nonce: event.nonce,
    budgetNano: event.budget,
    openedAtSeconds: Number(terms.openedAt),
    endsAtSeconds: Number(event.endsAt),
    ceiling: {
      promptPrice: prices.prompt,
      cachedPrice: prices.cached,
      completionPrice: prices.completion,
      reasoningPrice: prices.reasoning,
    },
    state: "open",
    bid: undefined,
  } as const;
}
