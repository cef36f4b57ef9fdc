import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { RetryableError, toCocoonError } from "../../errors";
import { MAX_SEALED_REQUEST, type RequestId } from "../../protocol";
import type { Context } from "../context";
import { callJson } from "../workers/callJson";
import type { WorkerEntry } from "../workers/pool";
import { checkBody, findRoute, findServed, type Route } from "./admit";
import { sendError } from "./httpError";
import { keepRecord } from "./keepRecord";
import { readBody } from "./readBody";
import { relayAnswer } from "./relayAnswer";
import { parseSealedHeaders, type SealedHeaders } from "./sealedHeaders";
import { broken } from "./workerFailure";

/** What all requests in flight share. */
export interface Traffic {
  count: number;
  bodyBytes: number;
  /** Set at a stop: nothing new is admitted. */
  closing: boolean;
  /** Hands back, at a stop, what still waits for a place. */
  readonly handBack: AbortController;
  /** Breaks off what is still in flight at the end of a stop. */
  readonly abort: AbortController;
}

/** `POST /v1/sealed`: admission, a place at the worker, the answer, its receipt. */
export async function serveSealed(
  context: Context,
  traffic: Traffic,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const startedAt = performance.now();
  let outcome = "ok";
  let requestId: RequestId | undefined;
  let headers: SealedHeaders | undefined;
  const bodyBytes = Math.min(
    Number(request.headers["content-length"] ?? MAX_SEALED_REQUEST),
    MAX_SEALED_REQUEST,
  );
  traffic.count += 1;
  traffic.bodyBytes += bodyBytes;
  context.metrics.inFlight.set(traffic.count);
  try {
    checkTraffic(context, traffic);
    headers = parseSealedHeaders(request.headers);
    const route = findRoute(context, headers);
    const body = await readBody(request, { maxBytes: MAX_SEALED_REQUEST, timeoutMs: context.policy.bodyMs });
    requestId = checkBody(context, route, { headers, body });
    await relay(context, traffic, { route, headers, body, requestId, response });
  } catch (thrown) {
    const error = sendError(response, thrown);
    outcome = error.code;
    // Ids and codes alone: a request's bytes, headers and authorisation never reach the log.
    context.log.info({
      msg: "request failed",
      requestId,
      job: headers?.job,
      worker: headers?.worker,
      code: error.code,
      detail: error.message,
    });
  } finally {
    traffic.count -= 1;
    traffic.bodyBytes -= bodyBytes;
    context.metrics.inFlight.set(traffic.count);
    context.metrics.requests.inc({ outcome });
    context.metrics.requestSeconds.observe((performance.now() - startedAt) / 1_000);
  }
}

function checkTraffic({ policy }: Context, traffic: Traffic): void {
  if (traffic.closing) {
    throw stopping();
  }
  if (traffic.count > policy.maxInFlight || traffic.bodyBytes > policy.maxBodyBytes) {
    throw new RetryableError(
      "OVERLOADED",
      "The relayer serves as many requests as it may: try again later.",
      {
        inFlight: traffic.count,
      },
    );
  }
}

/** What a request is told that a stopping relayer does not run. */
export function stopping(): RetryableError {
  return new RetryableError("SHUTTING_DOWN", "The relayer stops: use another provider or try again soon.");
}

async function relay(
  context: Context,
  traffic: Traffic,
  admitted: {
    readonly route: Route;
    readonly headers: SealedHeaders;
    readonly body: Buffer;
    readonly requestId: RequestId;
    readonly response: ServerResponse;
  },
): Promise<void> {
  const { route, headers, requestId, response } = admitted;
  const { worker } = route;
  findServed(context, headers.job);
  const giveBack = context.book.reserve(route.job, headers.maxCostNano);
  let leave: (() => void) | undefined;
  try {
    leave = worker.slots.tryTake() ?? (await waitForPlace(worker, response, traffic));
    if (context.pool.find(headers.worker) === undefined) {
      throw new RetryableError("STALE_KEY", "The worker has a new key since: seal the request again.");
    }
    const bytes = await relayAnswer({
      dispatcher: context.pool.dispatcher,
      ...worker.sealed,
      headers: {
        "content-type": "application/cocoon-sealed",
        "cocoon-job": headers.job,
        "cocoon-worker": headers.worker,
        "cocoon-max-cost": headers.maxCostNano.toString(),
        "cocoon-auth-expires": headers.authExpires.toString(),
        "cocoon-authorization": Buffer.from(headers.authorization).toString("base64"),
      },
      body: admitted.body,
      response,
      policy: context.policy,
      signal: traffic.abort.signal,
      onDead: worker.onDead,
      stop: () => stopAtWorker(context, worker, requestId),
      keep: (json) => keepRecord(context, route, { requestId, json }),
    });
    context.metrics.forwardedBytes.inc(bytes);
  } catch (error) {
    if (error instanceof RetryableError) {
      lookAgain(context, route, error);
    }
    throw error;
  } finally {
    leave?.();
    giveBack();
  }
}

/** A place in the worker's queue, until the client leaves, the worker dies or the relayer stops. */
async function waitForPlace(
  { slots, onDead }: WorkerEntry,
  response: ServerResponse,
  { handBack }: Traffic,
): Promise<() => void> {
  const gone = new AbortController();
  const onClose = () => gone.abort();
  const onStop = () => gone.abort(handBack.signal.reason);
  const onLost = () => gone.abort(broken(new Error("the worker is dead")));
  onDead.add(onLost);
  response.on("close", onClose);
  handBack.signal.addEventListener("abort", onStop);
  try {
    return await slots.take(gone.signal);
  } finally {
    onDead.delete(onLost);
    response.off("close", onClose);
    handBack.signal.removeEventListener("abort", onStop);
  }
}

/** Where it cannot be asked, the connection's end tells it the same a little later, and the receipt stays there. */
function stopAtWorker(context: Context, { url }: WorkerEntry, requestId: RequestId): void {
  const { dispatcher } = context.pool;
  const call = { dispatcher, url: `${url}/v1/stop`, method: "POST", body: { requestId } } as const;
  callJson({ ...call, timeoutMs: context.policy.drainMs }, z.unknown()).catch((thrown: unknown) => {
    context.log.info({ msg: "answer not stopped", requestId, detail: toCocoonError(thrown).message });
  });
}

/** A worker that broke off or does not know its key or lane is looked at now, not at its next turn. */
function lookAgain(context: Context, { worker, job }: Route, error: RetryableError): void {
  switch (error.code) {
    case "WORKER_UNAVAILABLE":
    case "STALE_KEY":
      context.pool.refresh(worker).catch(() => context.pool.bury(worker));
      return;
    case "JOB_NOT_ACTIVE":
    case "WRONG_JOB":
      worker.lanes.delete(job.row.address);
      context.kick.lanes();
      return;
    default:
      return;
  }
}
