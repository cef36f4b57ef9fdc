import { storeTopUpJob } from "../../wrappers/messages";
import { enqueueIntent, findIntent, closeSession as forgetSession, saveJob } from "../store";
import { type ClientDeps, nowSeconds } from "./deps";
import { closeWeakJob, endSession, moveToEnd, sendEnding } from "./endSession";
import { isOwnJob, jobIntent, requireBalance } from "./jobMessages";
import { readJob } from "./readJob";
import { readJobRules, weaknessOf } from "./rules";
import { freeNano, type Session } from "./session";
import { jobOf } from "./sessionRows";
import { canGrow } from "./succession";

/** While a provider's answer may be on its way, `ExpireJob` is refused so long. */
const ACCEPT_GRACE_SECONDS = 86_400;
/** The provider, who is owed, is given the first turn at finalizing. */
const FINALIZE_AFTER_SECONDS = 60;
const BPS = 10_000n;
/** A bounced finalization (a claim is pending) is tried again so often. */
const FINALIZE_RETRY_SECONDS = 3_600;
const TOP_UP_FEE_NANO = 50_000_000n;

export interface SyncDeps extends ClientDeps {
  /** Looks at what was claimed in a job without its developer. */
  readonly watch: (session: Session) => Promise<void>;
}

/** Brings a session to what the chain says, and sends what its dates demand. */
export async function syncSession(deps: SyncDeps, session: Session): Promise<void> {
  const before = session.state;
  const job = await readJob(deps, { address: session.address });
  if (job.state === "absent") {
    await syncAbsent(deps, session);
    return;
  }
  session.settledNano = job.paidNano;
  session.openLanes.clear();
  for (const worker of job.lanes) {
    session.openLanes.add(worker);
  }
  const budgetGrew = job.budgetNano > session.budgetNano;
  if (budgetGrew) {
    session.grewAtMs = deps.clock.nowMs();
  }
  session.budgetNano = job.budgetNano;
  const now = nowSeconds(deps);
  switch (job.state) {
    case "task": // no session of this client's
      return;
    case "accepting":
      if (now > session.acceptBySeconds + ACCEPT_GRACE_SECONDS) {
        await sendEnding(deps, session, { verb: "expire", state: session.state });
      }
      return;
    case "open":
      await sendEnding(deps, session, { verb: "cancel", state: "refused" });
      break;
    case "active":
      await syncActive(deps, session);
      break;
    case "closing":
    case "disputed":
      session.state = "closing";
      session.closeSeconds = job.closeAt;
      if (now > job.closeAt + FINALIZE_AFTER_SECONDS) {
        const attempt = Math.floor(now / FINALIZE_RETRY_SECONDS);
        await sendEnding(deps, session, { verb: "finalize", state: "closing", attempt });
      }
      break;
    default: {
      const impossible: never = job;
      return impossible;
    }
  }
  if (before !== session.state || budgetGrew) {
    await saveJob(deps.store, { job: jobOf(session) });
    deps.log.info({
      msg: "job changed",
      job: session.address,
      state: session.state,
      budgetNano: session.budgetNano,
    });
  }
  const isRunning = job.state === "active" || job.state === "closing" || job.state === "disputed";
  if (isRunning && job.committedNano > job.paidNano && isOwnJob(deps, session)) {
    await deps.watch(session);
  }
}

async function syncActive(deps: ClientDeps, session: Session): Promise<void> {
  const isOver = nowSeconds(deps) >= session.deadlineSeconds;
  if (session.state === "releasing") {
    await moveToEnd(deps, session);
  } else if (isOver && session.state === "closing") {
    await sendEnding(deps, session, { verb: "expire", state: "closing" });
  } else if (isOver) {
    await endSession(deps, session);
  } else if (session.state === "opening" || session.state === "refused") {
    // What a provider refused it may still accept before the cancellation arrives.
    await syncAccepted(deps, session);
  }
}

/** The provider's parameters may have changed on the way: what the job was accepted under decides whether it is used. */
async function syncAccepted(deps: ClientDeps, session: Session): Promise<void> {
  const before = session.state;
  const weakness = weaknessOf(deps.policy, await readJobRules(deps.reader, session.address));
  if (session.state !== before) {
    return; // somebody else was faster
  }
  if (weakness !== undefined) {
    await closeWeakJob(deps, session, weakness);
    return;
  }
  session.state = "active";
  session.freshSinceMs = deps.clock.nowMs();
}

async function syncAbsent(deps: ClientDeps, session: Session): Promise<void> {
  if (session.state === "opening") {
    const intent = await findIntent(deps.store, { key: `open:${session.address}` });
    if (intent?.status !== "skipped" && intent?.status !== "bounced") {
      return;
    }
    deps.log.warn({ msg: "job not opened", job: session.address, exitCode: intent.exitCode });
  }
  session.state = "closed";
  await deps.store.transaction(async (tx) => {
    await saveJob(tx, { job: jobOf(session) });
    await forgetSession(tx, { job: session.address });
  });
  deps.log.info({ msg: "job ended", job: session.address });
}

/** True when the job should get more money, for this request or in general, and none is on its way. */
export function needsTopUp(
  deps: Pick<ClientDeps, "policy" | "wallet">,
  session: Session,
  neededNano = 0n,
): boolean {
  const { topUpBelowBps } = deps.policy;
  return (
    session.state === "active" &&
    session.askedBudgetNano <= session.budgetNano &&
    canGrow(deps, session) &&
    (freeNano(session) < neededNano || freeNano(session) * BPS < session.budgetNano * BigInt(topUpBelowBps))
  );
}

/** Queues a top-up by one job budget; the key holds the budget that results, so a repeat sends nothing. */
export async function topUpSession(deps: ClientDeps, session: Session): Promise<void> {
  const amount = deps.policy.jobBudgetNano;
  const asked = session.budgetNano + amount;
  session.askedBudgetNano = asked;
  try {
    await requireBalance(deps, amount + TOP_UP_FEE_NANO);
    const intent = jobIntent(deps, {
      key: `topup:${session.address}:${asked}`,
      job: session.address,
      valueNano: amount + TOP_UP_FEE_NANO,
      body: storeTopUpJob({ $$type: "TopUpJob", queryId: 0n, amount }),
    });
    await deps.store.transaction(async (tx) => {
      await saveJob(tx, { job: jobOf(session) });
      await enqueueIntent(tx, { intent });
    });
    deps.log.info({ msg: "job topping up", job: session.address, budgetNano: asked });
  } catch (thrown) {
    session.askedBudgetNano = session.budgetNano;
    throw thrown;
  }
}
