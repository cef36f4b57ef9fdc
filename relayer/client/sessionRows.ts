import { z } from "zod";
import {
  decodeTerms,
  encodeTerms,
  fromBase64,
  primitives,
  toBase64,
  toHex,
  toJobAddress,
  toWorkerKey,
} from "../protocol";
import {
  findSession,
  type Job,
  listCalls,
  listJobs,
  listLanes,
  listReceipts,
  type StoredReceipt,
} from "../store";
import type { ClientDeps } from "./deps";
import { createSession, extraOf, laneOf, SESSION_STATES, type Session } from "./session";
import { recordOfStored } from "./storedRecord";

const PAGE = 500;
/** The newest calls of a job among which those without a receipt are looked for. */
const MAX_CALLS = 100_000;
const extraSchema = z.object({
  endpoint: z.string(),
  model: z.string(),
  acceptBySeconds: z.number(),
  askedBudgetNano: z.string(),
  binds: z.record(z.string(), z.string()),
  releaseUntilSeconds: z.number().optional(),
  follows: z.string().optional(),
});

/** The session as the store's row of its job. */
export function jobOf(session: Session): Job {
  return {
    role: "gateway",
    address: session.address,
    provider: session.terms.provider,
    developer: session.developer,
    nonce: session.nonce,
    modelHash: session.modelHash,
    sessionKey: toHex(session.terms.sessionPublicKey),
    terms: toBase64(encodeTerms(session.terms)),
    budgetNano: session.budgetNano,
    settledNano: session.settledNano,
    pendingNano: 0n,
    state: session.state,
    deadlineSeconds: session.deadlineSeconds,
    closeSeconds: session.closeSeconds,
    extra: extraOf(session),
  };
}

/** Every job of ours that has not ended, with its key and all its receipts. */
export async function loadSessions(deps: ClientDeps): Promise<readonly Session[]> {
  const live = SESSION_STATES.filter((state) => state !== "closed");
  const jobs = await listJobs(deps.store, { role: "gateway", states: live });
  const sessions: Session[] = [];
  for (const job of jobs) {
    const session = await loadSession(deps, job);
    if (session !== undefined) {
      sessions.push(session);
    }
  }
  return sessions;
}

async function loadSession(deps: ClientDeps, job: Job): Promise<Session | undefined> {
  const key = await findSession(deps.store, { job: job.address });
  const state = SESSION_STATES.find((name) => name === job.state);
  if (key === undefined || job.terms === undefined || state === undefined) {
    deps.log.error({ msg: "job without its key passed over", job: job.address });
    return undefined;
  }
  const extra = extraSchema.parse(job.extra);
  const session = createSession({
    address: toJobAddress(job.address),
    terms: decodeTerms(fromBase64(job.terms)),
    seed: deps.secretBox.open(job.address, key.sealedSecret),
    endpoint: extra.endpoint,
    model: extra.model,
    modelHash: job.modelHash,
    nonce: job.nonce,
    developer: job.developer,
    acceptBySeconds: extra.acceptBySeconds,
    deadlineSeconds: job.deadlineSeconds,
    follows: extra.follows,
    state,
    budgetNano: job.budgetNano,
    lastUsedMs: deps.clock.nowMs(),
  });
  session.askedBudgetNano = BigInt(extra.askedBudgetNano);
  session.settledNano = job.settledNano;
  session.closeSeconds = job.closeSeconds;
  session.releaseUntilSeconds = extra.releaseUntilSeconds;
  for (const [worker, bind] of Object.entries(extra.binds)) {
    session.binds.set(worker, bind);
  }
  for (const { worker } of await listLanes(deps.store, { job: job.address })) {
    await replayLane(deps, session, worker);
  }
  const calls = await listCalls(deps.store, { job: job.address, limit: MAX_CALLS });
  session.askedAtMs = calls[0]?.createdAt;
  for (const call of calls) {
    if (call.status === "lost") {
      laneOf(session, toWorkerKey(call.worker)).forgive(call.maxCostNano);
    }
  }
  return session;
}

/** Feeds a lane its stored receipts; each was verified before it was stored. */
async function replayLane(deps: ClientDeps, session: Session, worker: string): Promise<void> {
  const key = toWorkerKey(worker);
  let fromIndex = 0n;
  for (;;) {
    const page: readonly StoredReceipt[] = await listReceipts(deps.store, {
      job: session.address,
      worker,
      fromIndex,
      limit: PAGE,
    });
    for (const stored of page) {
      const record = recordOfStored(stored);
      const head = { networkId: session.terms.networkId, job: session.address, ...record.head };
      const { leaf, signature } = record;
      // A gap closes when the missing receipt is fetched from the provider.
      laneOf(session, key)
        .add({ leaf, head, signature, maxCostNano: undefined })
        .catch(() => undefined);
    }
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) {
      return;
    }
    fromIndex = last.index + 1n;
  }
}

/** A fresh session key pair. */
export function newSessionKey(): { readonly seed: Uint8Array; readonly publicKey: Uint8Array } {
  const seed = primitives.randomBytes(32);
  return { seed, publicKey: primitives.ed25519PublicKey(seed) };
}
