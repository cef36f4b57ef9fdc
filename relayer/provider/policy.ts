import type { Prices } from "../protocol";

/** What the operator may set. Times in milliseconds unless the name says seconds; each limit bounds one wait or queue. */
export const DEFAULT_POLICY = {
  /** How often an account is looked at when no doorbell rings, and the outbox works. */
  pollMs: 300,
  chainTimeoutMs: 10_000,
  /** Jobs followed at once, so that a flood of refused ones cannot fill memory. */
  maxJobs: 1_000,
  /** A refused job is accepted by the operator when it pays at least this; undefined: the price list alone decides. */
  floorPrices: undefined as Prices | undefined, // `as`: a default that is absent still has its type
  maxAcceptAttempts: 2,
  /** Workers that one job is spread over; the contract holds 16 in a job's whole life. */
  lanesPerJob: 4,

  /** With the next two: a worker that is gone or hangs is known dead after healthMs + failuresUntilDead * healthTimeoutMs. */
  healthMs: 800,
  healthTimeoutMs: 1_000,
  /** Longest wait for a worker's or attestor's short answer. */
  callMs: 5_000,
  /** Failed checks in a row until a worker counts as dead. */
  failuresUntilDead: 2,
  attestMs: 3_000,
  /** Keys are bound for a day at most: renewed with a quarter of it left. */
  renewBeforeSeconds: 6 * 3_600,
  /** How often the chain is asked whether it has seen what Intel has published, where a source of that is named. */
  collateralMs: 3_600_000,
  /** Warn about an image that the network allows no longer than this. */
  warnImageSeconds: 7 * 86_400,

  /** How often wallet, unsettled amounts and attestations are looked at, for metrics and alerts. */
  watchMs: 10_000,
  /** An alert: the operator's wallet holds less (0.5 TON), more is earned and not settled (5 TON). */
  alertWalletNano: 500_000_000n,
  alertUnsettledNano: 5_000_000_000n,
  /** An alert: an attestation ends so soon, which its renewal should have prevented hours ago. */
  alertAttestationSeconds: 2 * 3_600,

  /** Requests being answered or queued, over all workers. */
  maxInFlight: 512,
  maxQueuedPerWorker: 64,
  queueMs: 10_000,
  /** Bodies held in memory at once: 32 of the largest size. */
  maxBodyBytes: 256 * 1024 * 1024,
  bodyMs: 30_000,
  firstByteMs: 120_000,
  idleMs: 60_000,
  requestMs: 900_000,
  /** A client that reads nothing for so long is gone. */
  stallMs: 60_000,
  /** After its client left, an answer may still end and bring its receipt for so long. */
  drainMs: 2_000,
  /** Answers under way get so long at a stop; what waits for a place is handed back at once. */
  stopMs: 30_000,

  /** A co-signed head is worth a message from this amount on, 0.05 TON: some fifty times what settling costs. */
  settleMinNano: 50_000_000n,
  settleMaxAgeMs: 6 * 3_600_000,
  budgetNearlySpentBps: 9_000,
  settleOnClosing: true,
  /** How long a head waits for its co-signature before it is claimed without. */
  cosignGraceMs: 60_000,
  /** Everything is claimed when a lane or job has so little time left. */
  beforeEndSeconds: 3_600,
  settleMs: 1_000,
  /** How often auctions are looked at. */
  bidMs: 1_000,

  /** A task that pays less is left to its deadline: delivering it would cost more. */
  taskMinNano: 5_000_000n,
  /** So long before a task's deadline a model that fails has failed for good, and its worker signs that. */
  taskLastTrySeconds: 60,
  /** A task's answer must be signed so long before the deadline, to arrive in time. */
  taskDeliverSeconds: 30,
  /** Where a task's content may lie, when it lies outside the chain. */
  taskSchemes: ["https"] as readonly string[], // `as`: other schemes may be named
  /** Hosts of this machine and its networks: only where every opener of tasks is a friend. */
  taskPrivateHosts: false,
  taskFetchMs: 30_000,
  /** Added to what a getter asks for: prices may change on the way. */
  marginNano: 1_000_000n,
  maxSettleAttempts: 5,
};

export type Policy = Readonly<typeof DEFAULT_POLICY>;
