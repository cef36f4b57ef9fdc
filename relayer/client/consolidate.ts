import { priceOf } from "./directory";
import type { Session } from "./session";

type Held = Pick<
  Session,
  | "address"
  | "follows"
  | "state"
  | "terms"
  | "modelHash"
  | "openLanes"
  | "reservedNano"
  | "lastUsedMs"
  | "deadlineSeconds"
>;

/** A job with less life left is no reason to close its successor. */
const LEAST_LIFE_MS = 60 * 60_000;

/**
 * True for a job that another one has made needless, which gets the requests: one that follows it, one of the same
 * provider and model in which every worker of its lanes has one too, or one bought by auction. Closing it brings its money
 * back.
 */
export function isNeedless<T extends Held>(
  session: T,
  {
    sessions,
    nowMs,
    restMs,
    anyProvider = false,
    isEnding = () => false,
  }: {
    readonly sessions: readonly T[];
    readonly nowMs: number;
    /** A job that is used again and again is in nobody's way; one that rests longer only holds money. */
    readonly restMs: number;
    /** True where jobs are bought by auction: then one of another provider will do, unless it is dearer. */
    readonly anyProvider?: boolean;
    /** True for a job that will soon take no more requests: it makes no other one needless. */
    readonly isEnding?: (other: T) => boolean;
  },
): boolean {
  const rests =
    session.state === "active" && session.reservedNano === 0n && nowMs - session.lastUsedMs > restMs;
  return (
    rests &&
    sessions.some((other) => {
      const lasts =
        other.deadlineSeconds >= session.deadlineSeconds ||
        1_000 * other.deadlineSeconds - nowMs > LEAST_LIFE_MS;
      return (
        lasts &&
        !isEnding(other) &&
        isBefore(other, session, sessions) &&
        (isSuccessor(other, session) ||
          canReplace(other, session) ||
          (anyProvider && isBargain(other, session)))
      );
    })
  );
}

/** Used later, or first in the list: an order, so that never all of them are needless. */
function isBefore(other: Held, session: Held, sessions: readonly Held[]): boolean {
  return other.lastUsedMs === session.lastUsedMs
    ? sessions.indexOf(other) < sessions.indexOf(session)
    : other.lastUsedMs > session.lastUsedMs;
}

function isSuccessor(other: Held, session: Held): boolean {
  return other.state === "active" && other.follows === session.address;
}

function canReplace(other: Held, session: Held): boolean {
  return (
    other.state === "active" &&
    other.terms.provider === session.terms.provider &&
    other.modelHash === session.modelHash &&
    [...session.openLanes].every((worker) => other.openLanes.has(worker))
  );
}

function isBargain(other: Held, session: Held): boolean {
  return (
    other.state === "active" &&
    other.modelHash === session.modelHash &&
    priceOf({ prices: other.terms }) <= priceOf({ prices: session.terms })
  );
}
