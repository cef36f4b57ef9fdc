import type { VerifiedWorker } from "./checkWorker";
import type { ClientDeps } from "./deps";
import { type CostedRequest, worstNano } from "./fundCall";
import type { Sessions } from "./sessions";

/** What one request has been through. */
export interface Trials {
  /** Failed attempts so far. */
  count: number;
  /** Workers that are not asked again. */
  readonly tried: Set<string>;
  /** Providers whose keys were fetched again because a key was stale. */
  readonly renewed: Set<string>;
  /** Providers whose worker was waited for because it did not answer: its next word may be that the key is stale. */
  readonly awaited: Set<string>;
  /** What failed attempts may yet cost: they broke off, and their receipts are searched for. */
  openNano: bigint;
  /** When the first attempt was sent: the policy's total time is that of all of them. */
  sentAtMs: number | undefined;
}

export function createTrials(): Trials {
  return {
    count: 0,
    tried: new Set(),
    renewed: new Set(),
    awaited: new Set(),
    openNano: 0n,
    sentAtMs: undefined,
  };
}

/** How long a request's further attempts may take. */
export function leftMs(
  { clock, policy }: Pick<ClientDeps, "clock" | "policy">,
  { sentAtMs }: Pick<Trials, "sentAtMs">,
): number {
  return sentAtMs === undefined ? policy.totalMs : sentAtMs + policy.totalMs - clock.nowMs();
}

/** True where an attempt fits into its caller's limit, if there is one, beside those that may yet cost something. */
export function isAffordable(
  deps: Pick<ClientDeps, "policy"> & { readonly sessions: Pick<Sessions, "find"> },
  request: CostedRequest,
  { worker, openNano }: { readonly worker: VerifiedWorker; readonly openNano: bigint },
): boolean {
  const { maxCostNano } = request;
  return (
    openNano === 0n || maxCostNano === undefined || openNano + worstNano(deps, request, worker) <= maxCostNano
  );
}
