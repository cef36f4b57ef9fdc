import type { TeeKind } from "../protocol";
import { type AuctionPolicy, DEFAULT_AUCTION } from "./auctionPolicy";
import { type ChoiceWeights, DEFAULT_WEIGHTS } from "./choiceWeights";

/** What the developer allows. Every default stands in `DEFAULT_POLICY`. */
export interface Policy {
  /** Locked in each job that the client opens. */
  readonly jobBudgetNano: bigint;
  /** A provider must accept a job within this time. */
  readonly acceptSeconds: number;
  readonly jobSeconds: number;
  /** A job is topped up by `jobBudgetNano` when less than this part of its budget is left; 0 never tops up. */
  readonly topUpBelowBps: number;
  /** The largest budget that topping up may reach. */
  readonly maxJobBudgetNano: bigint;
  readonly maxCostPerRequestNano: bigint;
  /** Image hashes (hex) beyond which nothing is used; undefined: whatever the AttestationRegistry allows. */
  readonly images: readonly string[] | undefined;
  /**
   * Model hash (hex) by name. Undefined: names are taken as workers give them, and a name that stands for two hashes
   * is refused.
   */
  readonly models: Readonly<Record<string, string>> | undefined;
  readonly tees: readonly TeeKind[];
  /** Tiers of the AttestationRegistry's images; undefined: any. */
  readonly tiers: readonly number[] | undefined;
  /** named: jobs are opened with a provider, at its offer. auction: with whoever bids lowest for them. */
  readonly buy: "named" | "auction";
  readonly auction: AuctionPolicy;
  /** Offers above any of these (nanoton per 1,000,000 tokens) are passed over. */
  readonly maxPriceNano: bigint | undefined;
  /**
   * A job in use is followed by a new one so long before it takes no more requests, for its deadline or its budget: time
   * for opening, acceptance and attestation, and for some more tries. In use is what was asked within that time. 0: never,
   * the first request that finds no job waits for one.
   */
  readonly followSeconds: number;
  /** Models for which a job is open before the first request. */
  readonly prewarmModels: readonly string[];
  /**
   * No job is opened, taken up or asked under rules by which a claim that nobody co-signed waits less: this is the time to
   * demand its receipts, dispute it or prove it a lie. A governor may shorten it for jobs that are accepted later.
   */
  readonly leastChallengeSeconds: number;
  /** The same of a bond that is a smaller part of the budget: it is what a proved lie costs. */
  readonly leastBondBps: number;
  /** How price, speed, soundness and the rest count when there is a choice. */
  readonly choice: ChoiceWeights;
  /** False: providers must be reached over https. */
  readonly allowHttp: boolean;
  readonly connectMs: number;
  /** From sending to the answer's status. */
  readonly firstByteMs: number;
  /**
   * A second provider, with whom a job is open, is asked when the first piece of a streamed answer is not there after so
   * long; undefined: never. Whoever begins later is stopped, and paid for what it did: at most the prompt, as a rule.
   */
  readonly hedgeAfterMs: number | undefined;
  /** Between two frames; a worker sends keep-alives. */
  readonly interFrameMs: number;
  /** From the first sending of a request to its answer's end, however many workers are asked. */
  readonly totalMs: number;
  /** How long a request waits for its job to be accepted. */
  readonly openWaitMs: number;
  /** How long a request waits for a model's only worker to answer its provider again, before it is told to come later. */
  readonly deadWaitMs: number;
  /** How long it waits for a worker that answers to be attested anew, and for its lane in the job that is open. */
  readonly renewWaitMs: number;
  /** Workers or providers tried before the first byte of an answer is told. */
  readonly maxAttempts: number;
  /** A provider that failed is passed over so long while another one serves. */
  readonly cooldownMs: number;
  readonly refreshMs: number;
  /** The same while no worker is known. */
  readonly searchMs: number;
  /** Heads are co-signed in batches, this long after a receipt. */
  readonly cosignDelayMs: number;
  /** A job's provider is asked off the chain to end it, and has so long before a message closes it; 0 closes at once. */
  readonly releaseWaitMs: number;
  /** A job that nobody used for so long is closed; 0 never. */
  readonly idleCloseMs: number;
  /** A job that rested so long while another one served all that it could is closed. */
  readonly consolidateAfterMs: number;
  /** A claim over receipts that never came is looked into on the chain from this amount on: a demand costs some 0.01 TON. */
  readonly demandLeastNano: bigint;
  /** Keep requests and answers, so that receipts are self-contained. Off: only salts and hashes are kept. */
  readonly keepTexts: boolean;
}

export const DEFAULT_POLICY: Policy = {
  jobBudgetNano: 1_000_000_000n,
  acceptSeconds: 600,
  jobSeconds: 7 * 24 * 60 * 60,
  topUpBelowBps: 2_000,
  maxJobBudgetNano: 20_000_000_000n,
  maxCostPerRequestNano: 50_000_000n,
  images: undefined,
  models: undefined,
  tees: ["tdx", "sevSnp"],
  tiers: undefined,
  buy: "named",
  auction: DEFAULT_AUCTION,
  maxPriceNano: undefined,
  followSeconds: 600,
  prewarmModels: [],
  // Half an hour: its first half, in which receipts can be demanded, outlasts a restart and a chain that stands still a while.
  leastChallengeSeconds: 1_800,
  leastBondBps: 100,
  choice: DEFAULT_WEIGHTS,
  allowHttp: false,
  connectMs: 5_000,
  firstByteMs: 120_000,
  hedgeAfterMs: undefined,
  interFrameMs: 30_000,
  totalMs: 600_000,
  openWaitMs: 60_000,
  deadWaitMs: 3_000,
  renewWaitMs: 15_000,
  maxAttempts: 3,
  cooldownMs: 30_000,
  refreshMs: 15_000,
  searchMs: 1_000,
  cosignDelayMs: 250,
  releaseWaitMs: 120_000,
  idleCloseMs: 0,
  consolidateAfterMs: 600_000,
  demandLeastNano: 20_000_000n,
  keepTexts: false,
};
