import type { Prices } from "../../protocol";
import type { Auction } from "../../store";
import type { BidPolicy } from "./bidPolicy";

const FULL = 10_000n;
const KINDS = ["promptPrice", "cachedPrice", "completionPrice", "reasoningPrice"] as const;

/** What a bid is decided by beside the auction itself. */
export interface BidMoment {
  /** Of the best bid, in hundredths of a percent of the ceiling; above 10,000: nobody has bid. */
  readonly bestBps: number;
  /** Places taken at the model's workers. */
  readonly loadBps: number;
  /** Stake that no bond holds. */
  readonly freeStakeNano: bigint;
  /** What the bid would lock. */
  readonly bondNano: bigint;
  /** Jobs that may still be taken. */
  readonly room: number;
  /** Auctions in which our bid is the best. */
  readonly openBids: number;
}

/** What is bid now, in hundredths of a percent of the ceiling; undefined: nothing. */
export function chooseBid(policy: BidPolicy, auction: Auction, moment: BidMoment): number | undefined {
  const model = policy.models.get(auction.modelHash);
  const isWanted =
    model !== undefined &&
    auction.budgetNano >= policy.minBudgetNano &&
    auction.budgetNano <= policy.maxBudgetNano &&
    moment.loadBps <= policy.maxLoadBps &&
    moment.freeStakeNano >= moment.bondNano &&
    moment.room > 0 &&
    moment.openBids < policy.maxOpenBids;
  if (!isWanted) {
    return undefined;
  }
  const marginBps = model.marginBps + Math.ceil((policy.loadMarginBps * moment.loadBps) / Number(FULL));
  const least = leastBps(auction.ceiling, model.floor, marginBps);
  if (least === undefined || least >= moment.bestBps) {
    return undefined;
  }
  const wanted = moment.bestBps > Number(FULL) ? policy.openBps : moment.bestBps - policy.stepBps;
  return Math.max(least, wanted, 1);
}

/**
 * The smallest part of the ceiling at which every price, rounded down as the contract does, is at least the floor and
 * the margin above it. Undefined when not even the ceiling is.
 */
export function leastBps(ceiling: Prices, floor: Prices, marginBps: number): number | undefined {
  let least = 0n;
  for (const kind of KINDS) {
    const needed = divideUp(floor[kind] * (FULL + BigInt(marginBps)), FULL);
    if (needed > ceiling[kind]) {
      return undefined;
    }
    const part = needed === 0n ? 0n : divideUp(needed * FULL, ceiling[kind]);
    least = part > least ? part : least;
  }
  return Number(least);
}

function divideUp(left: bigint, right: bigint): bigint {
  return (left + right - 1n) / right;
}
