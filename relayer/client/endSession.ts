import { z } from "zod";
import { toCocoonError } from "../errors";
import { signRelease, toBase64 } from "../protocol";
import { enqueueIntent, saveJob } from "../store";
import { type ClientDeps, nowSeconds } from "./deps";
import { ENDING_BODIES, isOwnJob, jobIntent } from "./jobMessages";
import type { Session, SessionState } from "./session";
import { jobOf } from "./sessionRows";

/** Life of one signed request to release. */
const ASK_SECONDS = 300;

/**
 * Ends an active job the cheap way: its provider, asked off the chain, pays what is co-signed and releases it, which
 * saves the developer a message. A provider that has not done so in time gets the message after all: see `moveToEnd`.
 */
export async function endSession(deps: ClientDeps, session: Session): Promise<void> {
  const { releaseWaitMs } = deps.policy;
  if (releaseWaitMs <= 0) {
    await closeOnChain(deps, session);
    return;
  }
  session.state = "releasing";
  session.releaseUntilSeconds = nowSeconds(deps) + Math.ceil(releaseWaitMs / 1_000);
  await saveJob(deps.store, { job: jobOf(session) });
  deps.log.info({ msg: "job's release asked for", job: session.address, until: session.releaseUntilSeconds });
  await askRelease(deps, session);
}

/**
 * Ends a job that was accepted under rules which the policy refuses: by the developer's own message and at once, since
 * after the closing time no claim is taken any more. It has had no request.
 */
export async function closeWeakJob(deps: ClientDeps, session: Session, weakness: string): Promise<void> {
  const { address: job, terms } = session;
  deps.log.error({ msg: "job closed for its rules", job, provider: terms.provider, reason: weakness });
  await closeOnChain(deps, session);
}

/** What a job that waits for its release needs now: to be asked for again, or to be closed on the chain. */
export async function moveToEnd(deps: ClientDeps, session: Session): Promise<void> {
  if (nowSeconds(deps) < (session.releaseUntilSeconds ?? 0)) {
    await askRelease(deps, session);
  } else {
    await closeOnChain(deps, session);
  }
}

/** Asking twice changes nothing; a provider that cannot be asked is waited for no longer than one that can. */
async function askRelease(deps: ClientDeps, session: Session): Promise<void> {
  const ask = {
    networkId: deps.network.globalId,
    job: session.address,
    expiresAt: nowSeconds(deps) + ASK_SECONDS,
  };
  const signature = toBase64(signRelease(session.seed, ask));
  try {
    await deps.http.json(session.endpoint, {
      method: "POST",
      path: "/v1/jobs/release",
      body: { job: ask.job, expiresAt: ask.expiresAt, signature },
      schema: z.unknown(),
    });
  } catch (thrown) {
    const { code, message } = toCocoonError(thrown);
    deps.log.warn({ msg: "provider not asked to release", job: session.address, code, detail: message });
  }
}

/** `ExpireJob` once the deadline has passed, `CloseJob` before. */
async function closeOnChain(deps: ClientDeps, session: Session): Promise<void> {
  const verb = nowSeconds(deps) >= session.deadlineSeconds ? "expire" : "close";
  await sendEnding(deps, session, { verb, state: "closing" });
}

/** Queues a message that moves the job towards its end, once, together with the state that follows. */
export async function sendEnding(
  deps: ClientDeps,
  session: Session,
  ending: {
    readonly verb: keyof typeof ENDING_BODIES;
    readonly state: SessionState;
    readonly attempt?: number;
  },
): Promise<void> {
  const suffix = ending.attempt === undefined ? "" : `:${ending.attempt}`;
  session.state = ending.state;
  if (!isOwnJob(deps, session)) {
    // The wallet that opened it ends it, or its date does.
    await saveJob(deps.store, { job: jobOf(session) });
    return;
  }
  const intent = jobIntent(deps, {
    key: `${ending.verb}:${session.address}${suffix}`,
    job: session.address,
    body: ENDING_BODIES[ending.verb],
  });
  await deps.store.transaction(async (tx) => {
    await saveJob(tx, { job: jobOf(session) });
    await enqueueIntent(tx, { intent });
  });
}
