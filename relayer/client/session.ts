import type { JobAddress, Terms, WorkerKey } from "../protocol";
import { hashTerms } from "../protocol";
import type { Job } from "../store";
import { type BurnRate, createBurnRate } from "./burnRate";
import { createLane, type Lane } from "./lane";

/**
 * opening: sent, not accepted yet. active: takes requests. refused: Open on chain, the money is being taken back.
 * releasing: its provider was asked, off the chain, to end it. closing: claims may still arrive. closed: the contract no longer exists.
 */
export const SESSION_STATES = ["opening", "active", "refused", "releasing", "closing", "closed"] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** One job of ours, as this process knows it. */
export interface Session {
  readonly address: JobAddress;
  readonly terms: Terms;
  readonly termsHash: Uint8Array;
  /** The session key's seed [32]. */
  readonly seed: Uint8Array;
  readonly endpoint: string;
  readonly model: string;
  readonly modelHash: string;
  readonly nonce: bigint;
  readonly developer: string;
  readonly acceptBySeconds: number;
  readonly deadlineSeconds: number;
  /** The job that this one was bought to follow. */
  readonly follows: string | undefined;
  state: SessionState;
  budgetNano: bigint;
  /** Budget asked for by a top-up that the chain does not show yet. */
  askedBudgetNano: bigint;
  /** What the requests under way may still cost. */
  reservedNano: bigint;
  settledNano: bigint;
  closeSeconds: number | undefined;
  /** Until when a provider that was asked to release the job is waited for. */
  releaseUntilSeconds: number | undefined;
  lastUsedMs: number;
  /** When a request was last made in it, also by an earlier process. */
  askedAtMs: number | undefined;
  readonly burnRate: BurnRate;
  /** When this process saw it become active; undefined once a worker has answered in it, or its provider said that one would. */
  freshSinceMs: number | undefined;
  /** When this process last saw its budget grow. */
  grewAtMs: number | undefined;
  /** Receipt keys with a lane on chain. */
  readonly openLanes: Set<string>;
  readonly lanes: Map<WorkerKey, Lane>;
  /** Bind statements (base64) of the workers used, for receipts. */
  readonly binds: Map<string, string>;
}

export function laneOf(session: Session, worker: WorkerKey): Lane {
  const known = session.lanes.get(worker);
  if (known !== undefined) {
    return known;
  }
  const lane = createLane({ prices: session.terms });
  session.lanes.set(worker, lane);
  return lane;
}

/** What the workers have claimed so far. */
export function spentNano(session: Session): bigint {
  let sum = 0n;
  for (const lane of session.lanes.values()) {
    sum += lane.amountNano();
  }
  return sum;
}

/** What a new request may cost at most. */
export function freeNano(session: Session): bigint {
  return session.budgetNano - spentNano(session) - session.reservedNano;
}

export type NewSession = Omit<
  Session,
  | "termsHash"
  | "freshSinceMs"
  | "grewAtMs"
  | "burnRate"
  | "reservedNano"
  | "settledNano"
  | "closeSeconds"
  | "releaseUntilSeconds"
  | "openLanes"
  | "lanes"
  | "binds"
  | "askedBudgetNano"
  | "askedAtMs"
  | "follows"
> &
  Partial<Pick<Session, "follows">>;

export function createSession(fields: NewSession): Session {
  return {
    follows: undefined,
    ...fields,
    termsHash: hashTerms(fields.terms),
    askedBudgetNano: fields.budgetNano,
    freshSinceMs: undefined,
    grewAtMs: undefined,
    askedAtMs: undefined,
    reservedNano: 0n,
    burnRate: createBurnRate(),
    settledNano: 0n,
    closeSeconds: undefined,
    releaseUntilSeconds: undefined,
    openLanes: new Set(),
    lanes: new Map(),
    binds: new Map(),
  };
}

/** What of a session is kept in the job's row beside its columns. */
export function extraOf(session: Session): Job["extra"] {
  return {
    endpoint: session.endpoint,
    model: session.model,
    acceptBySeconds: session.acceptBySeconds,
    askedBudgetNano: session.askedBudgetNano.toString(),
    binds: Object.fromEntries(session.binds),
    ...(session.follows === undefined ? {} : { follows: session.follows }),
    ...(session.releaseUntilSeconds === undefined
      ? {}
      : { releaseUntilSeconds: session.releaseUntilSeconds }),
  };
}
