import { Address } from "@ton/core";
import { JobEscrow, ProviderStake } from "../../../wrappers";
import { storeAwardJob, storeBidOnJob } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { toCocoonError } from "../../errors";
import { type Auction, listAuctions, saveAuction } from "../../store";
import { type Context, nowSeconds } from "../context";
import { sendAgain, sendOnce } from "../sendOnce";
import { takesRequests, type WorkerEntry } from "../workers/pool";
import type { BidPolicy } from "./bidPolicy";
import { chooseBid } from "./chooseBid";
import { readStanding, type Standing } from "./readStanding";

/** A bid that was sent is not sent again, lower, before it had the time to arrive. */
const BID_LANDS_MS = 15_000;
/** Blocks lag behind clocks: an award is sent so long after the auction's end. */
const AWARD_AFTER_SECONDS = 2;

/** One round over the auctions that are known: bids, as the policy says, and awards of what was won. */
export async function bidOnAuctions(context: Context, policy: BidPolicy): Promise<void> {
  const auctions = await listAuctions(context.store, { state: "open" });
  if (auctions.length === 0) {
    return;
  }
  const standing = await readStanding(context);
  for (const auction of auctions) {
    try {
      await workAuction(context, { policy, standing, auction });
    } catch (error) {
      const { code, message } = toCocoonError(error);
      context.log.warn({ msg: "auction not looked at", job: auction.job, code, detail: message });
    }
  }
}

interface Work {
  readonly policy: BidPolicy;
  readonly standing: Standing;
  readonly auction: Auction;
}

async function workAuction(context: Context, work: Work): Promise<void> {
  const { auction, standing } = work;
  const now = nowSeconds(context.clock);
  const best = await readBest(context, auction);
  const isOver = now >= auction.endsAtSeconds;
  const isOurs = best?.provider.equals(context.provider) === true;
  if (best === undefined || (isOver && !isOurs)) {
    await saveAuction(context.store, { auction: { ...auction, state: "over" } });
    context.log.info({ msg: "auction over", job: auction.job, bid: auction.bid?.bps });
    return;
  }
  if (isOurs) {
    standing.openBids += 1;
    if (now >= auction.endsAtSeconds + AWARD_AFTER_SECONDS) {
      await award(context, auction);
    }
    return;
  }
  const isUnderWay = context.clock.nowMs() < (auction.bid?.atMs ?? 0) + BID_LANDS_MS;
  const worker = bestWorker(context, auction);
  if (isOver || isUnderWay || worker?.identity === undefined) {
    return;
  }
  const bondNano = standing.bondOf(auction.budgetNano);
  const bps = chooseBid(work.policy, auction, {
    bestBps: best.bps,
    loadBps: loadBps(context, auction.modelHash),
    freeStakeNano: standing.freeStakeNano,
    bondNano,
    room: standing.room,
    openBids: standing.openBids,
  });
  if (bps !== undefined) {
    standing.freeStakeNano -= bondNano;
    standing.room -= 1;
    standing.openBids += 1;
    await bid(context, auction, { bps, worker: worker.identity.receiptKey });
  }
}

async function bid(
  context: Context,
  auction: Auction,
  { bps, worker }: { readonly bps: number; readonly worker: string },
): Promise<void> {
  const provider = openContract(context.reader, ProviderStake.fromAddress(context.provider));
  const state = await sendOnce(context, {
    key: `bid:${auction.job}:${auction.openedAtSeconds}:${bps}`,
    kind: "bid",
    to: context.provider,
    valueNano: () => provider.getMinValueToBid(),
    body: storeBidOnJob({
      $$type: "BidOnJob",
      queryId: 0n,
      developer: Address.parseRaw(auction.developer),
      nonce: auction.nonce,
      budget: auction.budgetNano,
      openedAt: BigInt(auction.openedAtSeconds),
      bps: BigInt(bps),
      worker: BigInt(`0x${worker}`),
    }),
    // With the message, so that a restart does not undercut itself.
    effects: (tx) => saveAuction(tx, { auction: { ...auction, bid: { bps, atMs: context.clock.nowMs() } } }),
  });
  context.log.info({ msg: "bid", job: auction.job, bps, state });
}

async function award(context: Context, auction: Auction): Promise<void> {
  const to = Address.parseRaw(auction.job);
  const contract = openContract(context.reader, JobEscrow.fromAddress(to));
  await sendAgain(
    context,
    {
      key: `award:${auction.job}:${auction.openedAtSeconds}`,
      kind: "award",
      to,
      valueNano: () => contract.getMinValueToAwardJob(),
      body: storeAwardJob({ $$type: "AwardJob", queryId: 0n }),
    },
    context.policy.maxSettleAttempts,
  );
}

/** Undefined when the job is not, or no longer, up for this auction. */
async function readBest(
  context: Context,
  auction: Auction,
): Promise<{ readonly bps: number; readonly provider: Address } | undefined> {
  const job = Address.parseRaw(auction.job);
  if ((await context.reader.account(job)).state !== "active") {
    return undefined;
  }
  const found = await openContract(context.reader, JobEscrow.fromAddress(job)).getAuction();
  return found === null || Number(found.openedAt) !== auction.openedAtSeconds
    ? undefined
    : { bps: Number(found.bps), provider: found.provider };
}

/** The live worker of the model whose attestation lasts longest, if it outlasts the auction. */
function bestWorker({ pool }: Context, auction: Auction): WorkerEntry | undefined {
  const endOf = ({ onChain }: WorkerEntry) => onChain?.expiresAt ?? 0;
  return pool
    .all()
    .filter(
      (entry) =>
        takesRequests(entry) &&
        entry.identity?.modelHash === auction.modelHash &&
        endOf(entry) > auction.endsAtSeconds,
    )
    .sort((left, right) => endOf(right) - endOf(left))[0];
}

function loadBps({ pool }: Context, modelHash: string): number {
  const live = pool.all().filter((entry) => takesRequests(entry) && entry.identity?.modelHash === modelHash);
  const places = live.reduce((sum, { identity }) => sum + (identity?.capacity ?? 0), 0);
  const taken = live.reduce((sum, { slots }) => sum + slots.inUse() + slots.waiting(), 0);
  return places === 0 ? 10_000 : Math.ceil((10_000 * taken) / places);
}
