import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Client } from "../client";

const SECONDS = [0.005, 0.02, 0.1, 0.3, 1, 3, 10, 30, 120, 600];

export interface Metrics {
  /** One request that came in, by how it ended. */
  ended(request: { readonly route: string; readonly code: string; readonly seconds: number }): void;
  cost(nano: bigint): void;
  text(): Promise<string>;
}

export function createMetrics(client: Pick<Client, "health">): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "cocoon_gateway_requests_total",
    help: "Requests by route and outcome (ok, or the error's code)",
    labelNames: ["route", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "cocoon_gateway_request_seconds",
    help: "Time to the end of the answer",
    labelNames: ["route"],
    buckets: SECONDS,
    registers,
  });
  const spent = new Counter({
    name: "cocoon_gateway_cost_nano_total",
    help: "Cost of answers, in nanoton",
    registers,
  });
  for (const field of ["providers", "models", "jobs", "inFlight"] as const) {
    const name = field === "inFlight" ? "in_flight" : field;
    new Gauge({
      name: `cocoon_gateway_${name}`,
      help: `Usable ${name.replace("_", " ")} now`,
      registers,
      collect() {
        this.set(client.health()[field]);
      },
    });
  }
  new Gauge({
    name: "cocoon_gateway_jobs_unfollowed",
    help: "Jobs in use that end soon, and are followed by none yet",
    registers,
    collect() {
      this.set(client.health().unfollowed);
    },
  });
  return {
    ended: ({ route, code, seconds }) => {
      requests.inc({ route, code });
      duration.observe({ route }, seconds);
    },
    cost: (nano) => spent.inc(Number(nano)),
    text: () => registry.metrics(),
  };
}
