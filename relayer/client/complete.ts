import { setTimeout as pause } from "node:timers/promises";
import { type CocoonError, type ErrorCode, FinalError, toCocoonError } from "../errors";
import { hashRequest, primitives, type RequestId, toHex, toRequestId } from "../protocol";
import { saveCall } from "../store";
import { addBind } from "./addBind";
import { sealSalt } from "./atRest";
import type { Auctions } from "./auctions/auctions";
import { bookCall } from "./bookCall";
import { callWorker, type WorkerAnswer } from "./callWorker";
import type { VerifiedWorker } from "./checkWorker";
import { choose } from "./choose";
import type { Directory } from "./directory";
import { costAtOf, fundCall } from "./fundCall";
import { hedged } from "./hedge";
import type { InFlight } from "./inFlight";
import { isWorkerPending } from "./isWorkerPending";
import { opensByName } from "./openings";
import { retryAfter } from "./retryPolicy";
import { noProvider } from "./rules";
import type { Session } from "./session";
import type { Sessions } from "./sessions";
import type { Charge, Spender } from "./spender";
import type { Successors } from "./successors";
import { type SyncDeps, syncSession } from "./syncSession";
import type { TrackRecord } from "./trackRecord";
import { isAffordable, leftMs, type Trials } from "./trials";

const YOUNG_RETRY_MS = 250;
const NOT_YET: ReadonlySet<ErrorCode> = new Set([
  "JOB_NOT_ACTIVE",
  "WRONG_JOB",
  "NO_WORKER",
  "WORKER_UNAVAILABLE",
]);

/** What the developer asks. */
export interface CompletionRequest {
  /** The JSON body, sealed byte for byte. */
  readonly body: Uint8Array;
  readonly model: string;
  readonly maxTokens: number | undefined;
  /** How many texts the body holds, each within the model's context; 1 unless told otherwise. */
  readonly prompts?: number;
  /** How many answers the body asks for; 0 for embeddings. */
  readonly answers: number;
  /** The answer comes piece by piece. */
  readonly isStream?: boolean;
  readonly apiKeyId: string | undefined;
  /** Names the conversation, as far as a prompt cache would know it; asked only where there is a choice. */
  readonly conversation?: () => string;
  /** The caller's own limit, below the policy's. */
  readonly maxCostNano: bigint | undefined;
  readonly signal: AbortSignal;
}

/** The same without who asks. */
export type EstimatedRequest = Omit<CompletionRequest, "signal" | "apiKeyId">;

/** One attempt that got as far as an answer's status. */
export interface Attempt {
  readonly requestId: RequestId;
  readonly salt: Uint8Array;
  readonly requestHash: Uint8Array;
  readonly worker: VerifiedWorker;
  readonly session: Session;
  readonly maxCostNano: bigint;
  readonly answer: WorkerAnswer;
  readonly sentAtMs: number;
  readonly charge: Charge;
  readonly body: Uint8Array;
}

export interface CompleteDeps extends SyncDeps {
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly auctions: Pick<Auctions, "want" | "problemOf">;
  readonly successors: Pick<Successors, "look">;
  readonly inFlight: InFlight;
  readonly track: TrackRecord;
  /** Takes care of a receipt whose answer was not read to its end. */
  readonly recover: (attempt: Omit<Attempt, "answer" | "sentAtMs">) => void;
  readonly spender: Spender;
}

/** Sends a request to the best worker, and to others until one begins to answer. */
export async function attempt(
  deps: CompleteDeps,
  request: CompletionRequest,
  trials: Trials,
): Promise<Attempt> {
  const { tried, renewed, awaited } = trials;
  deps.auctions.want(request.model);
  let last: unknown;
  const others = () =>
    ranked(deps, request).filter((worker) => {
      const { openNano } = trials;
      return !tried.has(worker.key) && isAffordable(deps, request, { worker, openNano });
    });
  while (trials.count < deps.policy.maxAttempts && leftMs(deps, trials) > 0) {
    const [worker] = others();
    if (worker === undefined) {
      break;
    }
    try {
      const ask = (asked: VerifiedWorker, signal: AbortSignal) =>
        attemptAt(deps, { ...request, signal }, { worker: asked, trials });
      return await hedged(deps, { request, first: worker, others, ask });
    } catch (thrown) {
      last = thrown;
      const error = toCocoonError(thrown);
      const next = retryAfter(error);
      deps.log.warn({
        msg: "attempt failed",
        provider: worker.provider,
        worker: worker.key,
        code: error.code,
        detail: error.message,
        next,
      });
      if (await isOnlyYoung(deps, worker, error)) {
        continue;
      }
      trials.count += 1;
      if (next === "stop") {
        throw thrown;
      }
      if (next === "refresh" && !renewed.has(worker.provider)) {
        renewed.add(worker.provider);
        await renew(deps, request.model, { worker, tried, isStale: true });
        continue;
      }
      tried.add(worker.key);
      deps.inFlight.failed(worker.key);
      deps.track.failed(worker.key);
      const isLast = isNobodyLeft(deps, request.model, tried);
      if (isLast && isRestarting(error) && !awaited.has(worker.provider)) {
        awaited.add(worker.provider);
        // It is asked once more where its provider still lists it: only its connection broke.
        tried.delete(worker.key);
        await pause(YOUNG_RETRY_MS);
        await renew(deps, request.model, { worker, tried, isStale: false });
      }
    }
  }
  throw last ?? noWorker(deps, request.model);
}

/**
 * The provider meets a new job, and a larger budget, a little later than we do: the same worker is asked again for a
 * while.
 */
async function isOnlyYoung(deps: CompleteDeps, worker: VerifiedWorker, error: CocoonError): Promise<boolean> {
  const isNotYet = NOT_YET.has(error.code);
  // Where it was not the provider who said it, our own wallet or budget is meant.
  const isTooSmall = error.code === "INSUFFICIENT_FUNDS" && error.facts.status !== undefined;
  if (!isNotYet && !isTooSmall) {
    return false;
  }
  const held = deps.sessions.heldWith(worker);
  const youngSinceMs = deps.clock.nowMs() - deps.policy.openWaitMs;
  const sinceOf = ({ freshSinceMs, grewAtMs }: Session) => (isNotYet ? freshSinceMs : grewAtMs);
  if (held.some((session) => (sinceOf(session) ?? Number.NEGATIVE_INFINITY) > youngSinceMs)) {
    await pause(YOUNG_RETRY_MS);
    return true;
  }
  await Promise.all(held.map((session) => syncSession(deps, session)));
  return false;
}

/** The provider answers and its worker does not: it may be back with a new key soon. */
function isRestarting({ code, facts }: CocoonError): boolean {
  return code === "WORKER_UNAVAILABLE" && facts.status === 503;
}

/**
 * Fetches a provider's keys again. A worker that restarted is attested within seconds: while nobody else serves the
 * model, that is waited for, and only a moment where no worker is known to be on its way. A key that is stale may be
 * listed for that moment too, until its provider has noticed.
 */
async function renew(
  deps: CompleteDeps,
  model: string,
  {
    worker,
    tried,
    isStale,
  }: { readonly worker: VerifiedWorker; readonly tried: ReadonlySet<string>; readonly isStale: boolean },
): Promise<void> {
  const { deadWaitMs, renewWaitMs } = deps.policy;
  const startMs = deps.clock.nowMs();
  const waitedMs = () => deps.clock.nowMs() - startMs;
  let waitMs = isStale ? renewWaitMs : Math.min(deadWaitMs, renewWaitMs);
  const unwanted = () => (isStale && waitedMs() < deadWaitMs ? new Set([...tried, worker.key]) : tried);
  await deps.directory.refreshProvider(worker.provider);
  while (isNobodyLeft(deps, model, unwanted()) && waitedMs() < waitMs) {
    await pause(YOUNG_RETRY_MS);
    if (await isWorkerPending(deps.http, worker.endpoint)) {
      waitMs = renewWaitMs;
    }
    await deps.directory.refreshProvider(worker.provider);
  }
}

function isNobodyLeft(deps: CompleteDeps, model: string, tried: ReadonlySet<string>): boolean {
  return ranked(deps, { model }).every(({ key }) => tried.has(key));
}

/** Whom to ask for this request, in this order. */
export function ranked(
  deps: Pick<CompleteDeps, "directory" | "sessions" | "inFlight" | "track" | "policy">,
  request: Pick<CompletionRequest, "model" | "conversation"> | EstimatedRequest,
): readonly VerifiedWorker[] {
  const workers = deps.directory
    .workersOf(request.model)
    .filter((worker) => opensByName(deps.policy) || deps.sessions.holds(worker));
  const last = workers.length > 1 ? deps.track.servedBy(request.conversation?.() ?? "") : undefined;
  const standingOf = (worker: VerifiedWorker) => {
    const costAt = "body" in request ? costAtOf(deps, request, worker) : undefined;
    const session = deps.sessions.find(worker, costAt);
    return {
      hasSession: session !== undefined,
      isComing: session === undefined && deps.sessions.isComing(worker),
      isBanned: deps.inFlight.isBanned(worker.key),
      isCooling: deps.inFlight.isCooling(worker.key),
      inFlight: deps.inFlight.count(worker.key),
      servedLast: worker.key === last,
      measured: deps.track.of(worker.key),
      prices: session?.terms,
    };
  };
  return choose(workers, standingOf, deps.policy.choice);
}

async function attemptAt(
  deps: CompleteDeps,
  request: CompletionRequest,
  { worker, trials }: { readonly worker: VerifiedWorker; readonly trials: Trials },
): Promise<Attempt> {
  const { session, charge, maxCostNano } = await fundCall(deps, request, worker);
  deps.successors.look(session);
  const requestIdBytes = primitives.randomBytes(16);
  const salt = primitives.randomBytes(32);
  const requestId = toRequestId(requestIdBytes);
  const requestHash = hashRequest(salt, request.body);
  const newBind = addBind(session, worker);
  const noted = deps.store.batched(async (tx) => {
    await saveCall(tx, {
      call: {
        requestId,
        salt: sealSalt(deps, { requestId, salt }),
        requestHash: toHex(requestHash),
        apiKeyId: request.apiKeyId,
        job: session.address,
        worker: worker.key,
        model: worker.model,
        status: "sent",
        maxCostNano,
      },
    });
    await newBind?.(tx);
  });
  let isNoted = false;
  const noting = noted.then(() => {
    isNoted = true;
  });
  noting.catch(() => undefined); // `callWorker` throws it too, a little later
  const { body, signal } = request;
  const facts = { requestId, salt, requestHash, worker, session, maxCostNano, charge, body };
  deps.inFlight.begin(worker.key);
  const sentAtMs = deps.clock.nowMs();
  try {
    trials.sentAtMs ??= sentAtMs;
    const totalMs = leftMs(deps, trials);
    const call = { worker, session, requestId: requestIdBytes, salt, body, maxCostNano, totalMs, signal };
    // Nothing of a call that a crash could make us forget may leave: its receipt would be missing in the lane for ever.
    const answer = await callWorker(deps, call, noting);
    session.freshSinceMs = undefined;
    // The status of an answer that is not streamed comes with all of it: its delay says how long the answer is.
    if (answer.contentType.startsWith("text/event-stream")) {
      deps.track.answered(worker.key, deps.clock.nowMs() - sentAtMs);
    }
    return { ...facts, answer, sentAtMs };
  } catch (thrown) {
    deps.inFlight.end(worker.key);
    const error = toCocoonError(thrown);
    if (!isNoted || neverArrived(session, error)) {
      bookCall(deps, facts, { status: "unsent", costNano: 0n });
    } else {
      // The worker may have begun: its receipt, if there is one, is part of the lane. After a refusal it is at price zero.
      trials.openNano += typeof error.facts.status === "number" ? 0n : maxCostNano;
      deps.recover(facts);
    }
    throw thrown;
  }
}

/**
 * True when no worker can have seen the request: the provider was not reached or refused it in so many words. A
 * provider's own failure tells that only while the job is young, when its worker has no lane yet.
 */
function neverArrived(session: Session, { facts }: CocoonError): boolean {
  const { status, code } = facts;
  const isRefused = typeof status === "number" && (status < 500 || session.freshSinceMs !== undefined);
  return isRefused || code === "ECONNREFUSED" || code === "UND_ERR_CONNECT_TIMEOUT";
}

/** Why nobody can be asked. */
export function noWorker(
  deps: Pick<CompleteDeps, "directory" | "sessions" | "auctions" | "policy">,
  model: string,
): Error {
  const workers = deps.directory.workersOf(model);
  const isKnown = workers.length > 0 || deps.sessions.list().some((job) => job.model === model);
  const problem = isKnown && !opensByName(deps.policy) ? deps.auctions.problemOf(model) : undefined;
  if (problem !== undefined) {
    return problem;
  }
  return isKnown || deps.directory.models().length === 0
    ? noProvider(model, workers, "No provider can take the request now: try again.")
    : new FinalError("NOT_FOUND", "No attested worker serves this model.", { model, param: "model" });
}
