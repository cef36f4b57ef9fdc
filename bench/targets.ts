import type { Target } from "./benchmark";

/** The numbers of the design; a measurement without a target is told for its own sake. */
export const TARGETS: Readonly<Record<string, Target>> = {
  "session.total.ton": {
    limit: 0.01,
    is: "atMost",
    rival: "Telegram's Cocoon: ~0.01 TON per operation",
  },
  "request.amortised.ton": { limit: 0.000001, is: "atMost" },
  "task.total.ton": { limit: 0.015, is: "atMost" },
  "bid.ton": { limit: 0.002, is: "atMost" },
  "settle.cosigned.gas": { limit: 8_000, is: "atMost", rival: "0G: 50,000 gas cap per settlement" },
  "fraudproof.20-level.gas": { limit: 25_000, is: "atMost" },
  "quote.cold.gas": { limit: 110_000, is: "atMost", rival: "Automata on EVM: 4 to 5 million" },
  "quote.ca-known.gas": { limit: 86_000, is: "atMost" },
  "quote.warm.gas": { limit: 48_000, is: "atMost" },
  "quote.hot.gas": { limit: 29_000, is: "atMost" },
  "start.first-answer.s": { limit: 30, is: "atMost" },
  "gateway.added.p50.ms": {
    limit: 2,
    is: "atMost",
    rival: "Portkey 1.15.2, which encrypts nothing: gateway.portkey.added.p50.ms",
  },
  "gateway.cpu.ms": { limit: 3.6, is: "atMost", rival: "Portkey 1.15.2: gateway.portkey.cpu.ms" },
  "stream100.added.ms": {
    limit: 3,
    is: "atMost",
    rival: "Portkey 1.15.2: stream100.portkey.added.ms, 25 ms of it a deliberate wait on the first chunk",
  },
  "dcap.full.ms": { limit: 3, is: "atMost" },
  "dcap.ratio": {
    limit: 3,
    is: "atLeast",
    rival: "@phala/dcap-qvl 0.3.9, which verifies no revocation list",
  },
  "mutants.killed.ratio": { limit: 0.95, is: "atLeast" },
  "sealed-chunks-per-s": { limit: 20_000, is: "atLeast" },
};

export function isMet(target: Target, value: number): boolean {
  return target.is === "atMost" ? value <= target.limit : value >= target.limit;
}
