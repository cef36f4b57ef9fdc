import type { Clock } from "../observe/clock";

/** What one worker did for us lately. */
export interface Measured {
  /** From sending a request to its answer's status. */
  readonly firstByteMs: number | undefined;
  readonly tokensPerSecond: number | undefined;
  /** 0 to 1; an old failure counts less and less. */
  readonly successRate: number;
}

export interface TrackRecord {
  answered(worker: string, firstByteMs: number): void;
  wrote(worker: string, answer: { readonly tokens: number; readonly ms: number }): void;
  failed(worker: string): void;
  /** Undefined for a worker that was never asked. */
  of(worker: string): Measured | undefined;
  /** Who served this conversation last. */
  servedBy(conversation: string): string | undefined;
  remember(conversation: string, worker: string): void;
}

/** The part that the newest measurement has in its average. */
const NEWEST = 0.2;
/** After so long, half of a failure is forgotten: a worker that nobody asks could not show that it is well again. */
const FORGET_MS = 5 * 60_000;
/** Conversations remembered, the longest unused forgotten first. */
const MAX_CONVERSATIONS = 10_000;

interface Kept {
  firstByteMs?: number;
  tokensPerSecond?: number;
  /** 1 - success, as of `failuresAtMs`. */
  failures: number;
  failuresAtMs: number;
}

export function createTrackRecord({ clock }: { readonly clock: Clock }): TrackRecord {
  const workers = new Map<string, Kept>();
  const conversations = new Map<string, string>();
  const keptOf = (worker: string): Kept => {
    const known = workers.get(worker) ?? { failures: 0, failuresAtMs: clock.nowMs() };
    workers.set(worker, known);
    return known;
  };
  const failuresOf = (kept: Kept): number =>
    kept.failures * 0.5 ** (Math.max(0, clock.nowMs() - kept.failuresAtMs) / FORGET_MS);
  const count = (kept: Kept, failure: 0 | 1): void => {
    kept.failures = average(failuresOf(kept), failure);
    kept.failuresAtMs = clock.nowMs();
  };
  return {
    answered: (worker, firstByteMs) => {
      const kept = keptOf(worker);
      kept.firstByteMs = average(kept.firstByteMs, Math.max(1, firstByteMs));
      count(kept, 0);
    },
    wrote: (worker, { tokens, ms }) => {
      const kept = keptOf(worker);
      kept.tokensPerSecond = average(kept.tokensPerSecond, (1_000 * tokens) / Math.max(1, ms));
    },
    failed: (worker) => count(keptOf(worker), 1),
    of: (worker) => {
      const kept = workers.get(worker);
      if (kept === undefined) {
        return undefined;
      }
      const { firstByteMs, tokensPerSecond } = kept;
      return { firstByteMs, tokensPerSecond, successRate: 1 - failuresOf(kept) };
    },
    servedBy: (conversation) => conversations.get(conversation),
    remember: (conversation, worker) => {
      conversations.delete(conversation);
      conversations.set(conversation, worker);
      if (conversations.size > MAX_CONVERSATIONS) {
        const [oldest] = conversations.keys();
        conversations.delete(oldest ?? "");
      }
    },
  };
}

function average(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + NEWEST * (newest - before);
}
