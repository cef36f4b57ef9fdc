import { setTimeout as pause } from "node:timers/promises";
import type { VerifiedWorker } from "./checkWorker";
import type { Session } from "./session";
import { type SyncDeps, syncSession } from "./syncSession";

const POLL_MS = 250;

/**
 * A worker that restarted has a new key, and its provider opens a lane for it in the jobs it has: waiting a little is
 * cheaper than another job. True when the lane is open; false at once while other workers of the job live.
 */
export async function awaitLane(
  deps: SyncDeps,
  session: Session,
  wanted: { readonly worker: VerifiedWorker; readonly isLive: (worker: string) => boolean },
): Promise<boolean> {
  const untilMs = deps.clock.nowMs() + deps.policy.renewWaitMs;
  for (;;) {
    await syncSession(deps, session);
    if (session.state !== "active") {
      return false;
    }
    if (session.openLanes.has(wanted.worker.key)) {
      // On chain, but its worker may hear of it a moment later, as with a new job.
      session.freshSinceMs = deps.clock.nowMs();
      return true;
    }
    if (deps.clock.nowMs() >= untilMs || [...session.openLanes].some(wanted.isLive)) {
      return false;
    }
    await pause(POLL_MS);
  }
}
