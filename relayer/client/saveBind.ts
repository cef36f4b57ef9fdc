import { saveJob } from "../store";
import type { VerifiedWorker } from "./checkWorker";
import type { ClientDeps } from "./deps";
import type { Session } from "./session";
import { jobOf } from "./sessionRows";

/** Keeps the bind statement of a worker with its job, once: receipts need it after the worker has gone. */
export async function saveBind(
  deps: Pick<ClientDeps, "store">,
  session: Session,
  worker: Pick<VerifiedWorker, "key" | "bind">,
): Promise<void> {
  if (!session.binds.has(worker.key)) {
    session.binds.set(worker.key, worker.bind);
    await saveJob(deps.store, { job: jobOf(session) });
  }
}
