import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { toCocoonError } from "../errors";
import type { ClientDeps } from "./deps";
import type { Session } from "./session";

const POLL_MS = 250;
const servedSchema = z.looseObject({ workers: z.array(z.string()) });

/**
 * Waits until the provider says that it serves the job: it meets it on the chain a little later than we do. One that does
 * not say it within the policy's `openWaitMs` is left to the first request, which then asks again by itself.
 */
export async function awaitServed(
  deps: Pick<ClientDeps, "http" | "policy" | "log">,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const until = Date.now() + deps.policy.openWaitMs;
  let reason = "";
  while (session.freshSinceMs !== undefined && session.state === "active" && !signal.aborted) {
    try {
      const path = `/v1/jobs/${encodeURIComponent(session.address)}`;
      const { workers } = await deps.http.json(session.endpoint, {
        method: "GET",
        path,
        schema: servedSchema,
      });
      if (workers.some((worker) => session.openLanes.has(worker))) {
        session.freshSinceMs = undefined;
        return;
      }
    } catch (thrown) {
      reason = toCocoonError(thrown).message;
    }
    if (Date.now() >= until) {
      deps.log.warn({ msg: "job not known to be served yet", job: session.address, reason });
      return;
    }
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
