import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { LeafStatus, Usage } from "../protocol";

const SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];

export interface Metrics {
  readonly registry: Registry;
  /** One request that ran, by its receipt's status. Counts alone: nothing of what was said. */
  finished(request: { readonly status: LeafStatus; readonly usage: Usage; readonly seconds: number }): void;
}

/** What the worker is at the moment it is asked. */
export interface Standing {
  readonly isReady: () => Promise<boolean>;
  readonly inFlight: () => number;
  readonly capacity: number;
  /** Unix seconds at which the present keys end; 0 while unbound. */
  readonly keysEnd: () => number;
}

export function createMetrics(standing: Standing): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "cocoon_worker_requests_total",
    help: "Requests that ran, by their receipt's status",
    labelNames: ["status"],
    registers,
  });
  const duration = new Histogram({
    name: "cocoon_worker_request_seconds",
    help: "Time from a request's admission to its receipt",
    buckets: SECONDS,
    registers,
  });
  const tokens = new Counter({
    name: "cocoon_worker_tokens_total",
    help: "Tokens by kind, as receipts have them",
    labelNames: ["kind"],
    registers,
  });
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  gauge("cocoon_worker_backend_ready", "1 while the backend answers", async () =>
    Number(await standing.isReady()),
  );
  gauge("cocoon_worker_in_flight", "Requests that run now", standing.inFlight);
  gauge("cocoon_worker_capacity", "Requests that may run at once", () => standing.capacity);
  gauge(
    "cocoon_worker_keys_end_timestamp_seconds",
    "When the present keys end; 0 while unbound",
    standing.keysEnd,
  );
  return {
    registry,
    finished: ({ status, usage, seconds }) => {
      requests.inc({ status });
      duration.observe(seconds);
      tokens.inc({ kind: "prompt" }, Number(usage.promptTokens));
      tokens.inc({ kind: "cached" }, Number(usage.cachedTokens));
      tokens.inc({ kind: "completion" }, Number(usage.completionTokens));
      tokens.inc({ kind: "reasoning" }, Number(usage.reasoningTokens));
    },
  };
}
