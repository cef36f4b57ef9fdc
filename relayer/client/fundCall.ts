import { toCocoonError } from "../errors";
import type { VerifiedWorker } from "./checkWorker";
import { costLimit } from "./costs";
import type { ClientDeps } from "./deps";
import type { CostAt } from "./openings";
import type { Session } from "./session";
import type { Sessions } from "./sessions";
import type { Charge, Spender } from "./spender";

/** Of many requests at once, some find a job used up that they have waited for, and so its successor. */
const MAX_TURNS = 8;

/** What pays for a call: its worst case is set aside in the job and with the caller. */
export interface Funding {
  readonly session: Session;
  readonly charge: Charge;
  readonly maxCostNano: bigint;
}

export type CostedRequest = Parameters<typeof costLimit>[1];

/** What a request may cost with this worker, by prices. */
export function costAtOf(
  deps: Pick<ClientDeps, "policy">,
  request: CostedRequest,
  { contextLength }: Pick<VerifiedWorker, "contextLength">,
): CostAt {
  return (prices) => costLimit(deps.policy, request, { contextLength, prices });
}

/** The same, whatever its caller allows, at the prices of the job that is open with this worker or of its offer. */
export function worstNano(
  deps: Pick<ClientDeps, "policy"> & { readonly sessions: Pick<Sessions, "find"> },
  request: CostedRequest,
  worker: VerifiedWorker,
): bigint {
  const costAt = costAtOf(deps, { ...request, maxCostNano: undefined }, worker);
  return costAt(deps.sessions.find(worker)?.terms ?? worker.prices);
}

/** Finds or opens the job that pays for a request, and sets its worst case aside there and with the caller. */
export async function fundCall(
  deps: Pick<ClientDeps, "policy" | "clock"> & {
    readonly sessions: Pick<Sessions, "ensure" | "find" | "reserve">;
    readonly spender: Spender;
  },
  request: CostedRequest & { readonly apiKeyId: string | undefined },
  worker: VerifiedWorker,
): Promise<Funding> {
  const costAt = costAtOf(deps, request, worker);
  const charge = { apiKeyId: request.apiKeyId, model: worker.model, atMs: deps.clock.nowMs() };
  const { sessions, spender } = deps;
  for (let turn = 1; ; turn += 1) {
    // Before anything is opened: whoever may not spend this opens nothing.
    let reservedNano = costAt(sessions.find(worker, costAt)?.terms ?? worker.prices);
    await spender.reserve(charge, reservedNano);
    let session: Session | undefined;
    try {
      session = await sessions.ensure(worker, { costAt });
      const maxCostNano = costAt(session.terms);
      if (maxCostNano !== reservedNano) {
        await spender.reserve(charge, maxCostNano);
        spender.settle(charge, { reservedNano, costNano: 0n });
        reservedNano = maxCostNano;
      }
      await sessions.reserve(session, maxCostNano);
      return { session, charge, maxCostNano };
    } catch (thrown) {
      spender.settle(charge, { reservedNano, costNano: 0n });
      const isUsedUp = session !== undefined && toCocoonError(thrown).code === "INSUFFICIENT_FUNDS";
      if (!isUsedUp || turn === MAX_TURNS || sessions.find(worker, costAt) === session) {
        throw thrown;
      }
    }
  }
}
