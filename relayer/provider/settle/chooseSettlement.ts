import type { Lane, SignedHead } from "../../store";
import type { Policy } from "../policy";

/** A head to bring to the chain. */
export interface Settlement {
  readonly head: SignedHead;
  /** Undefined: the worker alone claims, and the amount waits for the challenge time. */
  readonly cosignature: string | undefined;
}

/** What the decision looks at beside the lane itself. */
export interface Moment {
  readonly nowSeconds: number;
  readonly policy: Policy;
  readonly closing: boolean;
  /** When the job's developer asked the provider for its end; undefined where it did not. */
  readonly releaseAskedAt?: number | undefined;
  /** Claims of this lane are refused from here on: end of job or of the attestation's grace. */
  readonly lastClaimAt: number;
  readonly budgetNearlySpent: boolean;
  /** How long something has been waiting to be settled. */
  readonly waitingMs: number;
}

/** Towards a budget's end so much less is worth a message: its requests may be the last. Any less would not pay for the gas. */
const NEARLY_SPENT_PART = 10n;

/** The newest co-signed head when it is worth a message now. */
export function chooseCosigned(lane: Lane, moment: Moment): Settlement | undefined {
  const dueNano = (lane.cosigned?.head.amountNano ?? 0n) - lane.settledNano;
  if (lane.cosigned === undefined || dueNano <= 0n) {
    return undefined;
  }
  const { policy } = moment;
  const isDue =
    dueNano >= policy.settleMinNano ||
    moment.waitingMs >= policy.settleMaxAgeMs ||
    (moment.budgetNearlySpent && dueNano * NEARLY_SPENT_PART >= policy.settleMinNano) ||
    (moment.closing && policy.settleOnClosing) ||
    endsSoon(moment);
  return isDue ? lane.cosigned : undefined;
}

/**
 * The newest head without its co-signature, when there is no more time to wait for one. A developer that asks for the
 * end may itself be just back, and still fetch what it has to see before it co-signs.
 */
export function chooseClaim(lane: Lane, moment: Moment): Settlement | undefined {
  const { head } = lane;
  const known = [lane.settledNano + lane.pendingNano, lane.cosigned?.head.amountNano ?? 0n];
  const graceFrom = Math.max(head.issuedAtSeconds, moment.releaseAskedAt ?? 0);
  const graceOver = moment.nowSeconds * 1_000 >= graceFrom * 1_000 + moment.policy.cosignGraceMs;
  const isDue = (moment.closing && graceOver) || endsSoon(moment);
  return isDue && known.every((amountNano) => head.amountNano > amountNano)
    ? { head, cosignature: undefined }
    : undefined;
}

function endsSoon({ nowSeconds, lastClaimAt, policy }: Moment): boolean {
  return lastClaimAt - nowSeconds <= policy.beforeEndSeconds;
}
