import { type Store, saveJob } from "../store";
import type { VerifiedWorker } from "./checkWorker";
import type { Session } from "./session";
import { jobOf } from "./sessionRows";

/**
 * Notes a worker's bind statement with its job, once: receipts need it after the worker has gone. Answers the write that
 * is due, which belongs into the one that notes the call; undefined where the statement is known.
 */
export function addBind(
  session: Session,
  worker: Pick<VerifiedWorker, "key" | "bind">,
): ((tx: Store) => Promise<void>) | undefined {
  if (session.binds.has(worker.key)) {
    return undefined;
  }
  session.binds.set(worker.key, worker.bind);
  return (tx) => saveJob(tx, { job: jobOf(session) });
}
