import type { Prices, TeeKind } from "../protocol";
import { type CompleteDeps, type EstimatedRequest, noWorker, ranked } from "./complete";
import { costLimit, worstCostNano, worstTokens } from "./costs";

/** What a request would cost at one provider. Nothing is sent, reserved or opened to find it out. */
export interface Estimate {
  readonly provider: string;
  readonly tee: TeeKind;
  /** Of the job that is open, or of its offer. */
  readonly prices: Prices;
  readonly hasJob: boolean;
  readonly promptTokensAtMost: bigint;
  readonly completionTokensAtMost: bigint;
  /** Every token that there may be, at its price. */
  readonly worstCostNano: bigint;
  /** What the worker would be authorised to charge: the worst case within every limit. */
  readonly maxCostNano: bigint;
}

/** One estimate for each provider that could be asked now, in the order in which they would be. Throws where there is none. */
export function estimate(
  deps: Pick<CompleteDeps, "directory" | "sessions" | "auctions" | "inFlight" | "track" | "policy">,
  request: EstimatedRequest,
): readonly Estimate[] {
  const seen = new Set<string>();
  const workers = ranked(deps, request);
  if (workers.length === 0) {
    throw noWorker(deps, request.model);
  }
  return workers.flatMap((worker) => {
    const { provider, tee, contextLength } = worker;
    if (seen.has(provider)) {
      return [];
    }
    seen.add(provider);
    const session = deps.sessions.find(worker);
    const offer = { contextLength, prices: session?.terms ?? worker.prices };
    const sized = { ...request, ...offer, bodyBytes: request.body.length };
    const { read, written } = worstTokens(sized);
    return [
      {
        provider,
        tee,
        prices: offer.prices,
        hasJob: session !== undefined,
        promptTokensAtMost: read,
        completionTokensAtMost: written,
        worstCostNano: worstCostNano(sized),
        maxCostNano: costLimit(deps.policy, request, offer),
      },
    ];
  });
}
