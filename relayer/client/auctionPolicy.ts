import type { Prices } from "../protocol";

/** How jobs are put up for auction. */
export interface AuctionPolicy {
  /** How long providers may bid. */
  readonly seconds: number;
  /** The most that is paid, by model name; for a model that is not here, what its cheapest provider asks. */
  readonly ceilings: Readonly<Record<string, Prices>>;
  /**
   * named: a provider's own offer is taken when nobody has bid, and for requests that come before the first job is sold.
   * fail: such requests are refused with `NO_BID`.
   */
  readonly ifNobodyBids: "named" | "fail";
  /** After an auction that sold nothing, so long passes before the next one. */
  readonly againSeconds: number;
}

export const DEFAULT_AUCTION: AuctionPolicy = {
  seconds: 300,
  ceilings: {},
  ifNobodyBids: "named",
  againSeconds: 3_600,
};
