import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Seconds until an answer is complete: from a cached short one to a long generation. */
const DURATION_BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];

export interface Metrics {
  readonly registry: Registry;
  /** By outcome: `ok` or the error's code. */
  readonly requests: Counter<"outcome">;
  readonly requestSeconds: Histogram;
  readonly inFlight: Gauge;
  readonly forwardedBytes: Counter;
  readonly receipts: Counter;
  readonly receiptNano: Counter;
  readonly cosignatures: Counter<"outcome">;
  /** By outcome: answered, refused (signed, unpaid), over, late, left. */
  readonly tasks: Counter<"outcome">;
  readonly intents: Counter<"kind">;
  readonly workersAlive: Gauge;
  /** By how much of its chain the network had to see. */
  readonly quotes: Counter<"path">;
  /** Unix seconds, by the image of a worker that serves. */
  readonly imageExpires: Gauge<"image">;
  readonly unknownEvents: Counter;
  /** By outcome: answered, unanswerable. */
  readonly demands: Counter<"outcome">;
  /** Unix seconds by which each would have to be answered, by job. */
  readonly unanswerable: Gauge<"job">;
  readonly workers: Gauge<"state">;
  readonly jobs: Gauge<"state">;
  /** Of the operator's wallet. */
  readonly walletNano: Gauge;
  /** What receipts say was earned in live jobs and the chain has not paid. */
  readonly unsettledNano: Gauge;
  /** Unix seconds, by worker key. */
  readonly attestationExpires: Gauge<"worker">;
  readonly failedMessages: Gauge;
  readonly alerts: Gauge;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: "cocoon_provider_requests_total",
      help: "Sealed requests by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    requestSeconds: new Histogram({
      name: "cocoon_provider_request_seconds",
      help: "Time from a request's first byte to its answer's end",
      buckets: DURATION_BUCKETS,
      registers,
    }),
    inFlight: new Gauge({ name: "cocoon_provider_in_flight", help: "Requests admitted now", registers }),
    forwardedBytes: new Counter({
      name: "cocoon_provider_forwarded_bytes_total",
      help: "Bytes of answers passed on",
      registers,
    }),
    receipts: new Counter({
      name: "cocoon_provider_receipts_total",
      help: "Receipts stored before their answer ended",
      registers,
    }),
    receiptNano: new Counter({
      name: "cocoon_provider_earned_nanoton_total",
      help: "What the stored receipts add to their lanes",
      registers,
    }),
    cosignatures: new Counter({
      name: "cocoon_provider_cosignatures_total",
      help: "Co-signatures by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    tasks: new Counter({
      name: "cocoon_provider_tasks_total",
      help: "Tasks by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    intents: new Counter({
      name: "cocoon_provider_messages_total",
      help: "Messages queued for the chain by kind",
      labelNames: ["kind"],
      registers,
    }),
    workersAlive: new Gauge({
      name: "cocoon_provider_workers_alive",
      help: "Workers that answer",
      registers,
    }),
    quotes: new Counter({
      name: "cocoon_provider_quotes_total",
      help: "Quotes sent to the chain by path",
      labelNames: ["path"],
      registers,
    }),
    imageExpires: new Gauge({
      name: "cocoon_provider_image_expires_timestamp_seconds",
      help: "Until when the network allows the image of a serving worker; 0: not at all",
      labelNames: ["image"],
      registers,
    }),
    workers: new Gauge({
      name: "cocoon_provider_workers",
      help: "Workers by what they do",
      labelNames: ["state"],
      registers,
    }),
    jobs: new Gauge({
      name: "cocoon_provider_jobs",
      help: "Live jobs by state",
      labelNames: ["state"],
      registers,
    }),
    walletNano: new Gauge({
      name: "cocoon_provider_wallet_nanoton",
      help: "Balance of the operator's wallet",
      registers,
    }),
    unsettledNano: new Gauge({
      name: "cocoon_provider_unsettled_nanoton",
      help: "Earned in live jobs by receipts and not yet paid by the chain",
      registers,
    }),
    attestationExpires: new Gauge({
      name: "cocoon_provider_attestation_expires_timestamp_seconds",
      help: "Until when the provider's contract has a worker attested",
      labelNames: ["worker"],
      registers,
    }),
    failedMessages: new Gauge({
      name: "cocoon_provider_failed_messages",
      help: "Messages of the last day that came back or that the wallet could not pay for",
      registers,
    }),
    alerts: new Gauge({ name: "cocoon_provider_alerts", help: "Alerts that stand now", registers }),
    demands: new Counter({
      name: "cocoon_provider_demands_total",
      help: "Receipts that developers demanded on the chain, by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    unanswerable: new Gauge({
      name: "cocoon_provider_unanswerable_demand_timestamp_seconds",
      help: "By when a demanded receipt that is not stored here would have to be shown",
      labelNames: ["job"],
      registers,
    }),
    unknownEvents: new Counter({
      name: "cocoon_provider_unknown_events_total",
      help: "Events passed over because their opcode or shape is unknown",
      registers,
    }),
  };
}
