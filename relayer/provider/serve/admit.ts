import { FinalError, RetryableError } from "../../errors";
import {
  checkAuthorization,
  checkRequestLife,
  decodeRequestHeader,
  equalBytes,
  hashSealedBody,
  type RequestId,
  toRequestId,
} from "../../protocol";
import type { JobEntry } from "../book";
import { type Context, nowSeconds } from "../context";
import type { Identity } from "../workers/identity";
import type { WorkerEntry } from "../workers/pool";
import { isStruck } from "../workers/workerEntry";
import type { SealedHeaders } from "./sealedHeaders";

/** A job that is paid for now and a worker that can be asked. */
export interface Route {
  readonly job: JobEntry;
  readonly worker: WorkerEntry;
  readonly identity: Identity;
}

/** What can be refused before the body is read. */
export function findRoute(
  context: Pick<Context, "book" | "pool" | "clock" | "kick">,
  headers: SealedHeaders,
): Route {
  const job = findServed(context, headers.job);
  const now = nowSeconds(context.clock);
  const worker = context.pool.find(headers.worker);
  const identity = worker?.identity;
  if (worker === undefined || identity === undefined) {
    throw new RetryableError(
      "STALE_KEY",
      "No worker here has this key now: fetch the workers again and seal to another.",
      {
        worker: headers.worker,
      },
    );
  }
  if (isStruck(worker)) {
    throw new RetryableError("STALE_KEY", "The worker's key is struck off: seal to another one.", {
      worker: headers.worker,
    });
  }
  if (worker.draining) {
    throw new RetryableError(
      "STALE_KEY",
      "The worker is leaving: fetch the workers again, seal to another.",
      {
        worker: headers.worker,
      },
    );
  }
  if (!worker.alive || !identity.ready) {
    const who = worker.alive ? "worker's backend" : "worker";
    throw unavailable(`The ${who} does not answer: seal the request to another one.`, headers.worker);
  }
  const until = job.facts.lanes[headers.worker];
  const laneEnds = until === 0 ? worker.onChain?.expiresAt : until;
  if (laneEnds === undefined || !worker.lanes.has(headers.job)) {
    context.kick.lanes();
    throw unavailable(
      "The worker has no lane in this job yet: use another one or try again soon.",
      headers.worker,
    );
  }
  if (laneEnds <= now) {
    throw unavailable("The worker's attestation has ended: use another one.", headers.worker);
  }
  return { job, worker, identity };
}

/** The job, if it is served now. A body takes its time: asked once more when it is there. */
export function findServed(context: Pick<Context, "book" | "clock">, address: string): JobEntry {
  const job = context.book.find(address);
  const facts = { job: address };
  if (job === undefined) {
    throw new RetryableError(
      "JOB_NOT_ACTIVE",
      "This provider knows no such job: open one that names it, or wait until it is final.",
      facts,
    );
  }
  if (job.row.state !== "active") {
    throw new FinalError("JOB_NOT_ACTIVE", `The job is ${job.row.state}: only an active job is served.`, {
      ...facts,
      state: job.row.state,
    });
  }
  if (job.facts.releaseAskedAt !== undefined) {
    throw new FinalError(
      "JOB_NOT_ACTIVE",
      "The job's developer has asked for its end: open a new one.",
      facts,
    );
  }
  if (job.row.deadlineSeconds <= nowSeconds(context.clock)) {
    throw new FinalError("JOB_EXPIRED", "The job's deadline has passed: open a new one.", facts);
  }
  return job;
}

/** Checks the sealed body's clear header and the developer's signature over all of it. */
export function checkBody(
  context: Pick<Context, "networkId" | "clock">,
  route: Route,
  request: { readonly headers: SealedHeaders; readonly body: Uint8Array },
): RequestId {
  const { headers, body } = request;
  const now = nowSeconds(context.clock);
  const header = decodeRequestHeader(body);
  if (!equalBytes(header.keyId, route.identity.keyId)) {
    throw new RetryableError("STALE_KEY", "The request is sealed to another key than the worker has now.", {
      worker: headers.worker,
    });
  }
  checkRequestLife(header, now);
  checkAuthorization({
    statement: {
      networkId: context.networkId,
      job: route.job.terms.job,
      workerPublicKey: route.identity.receiptPublicKey,
      termsHash: route.job.termsHash,
      requestId: header.requestId,
      bodyHash: hashSealedBody(body),
      maxCost: headers.maxCostNano,
      expiresAt: headers.authExpires,
    },
    sessionPublicKey: route.job.terms.sessionPublicKey,
    signature: headers.authorization,
    nowSeconds: now,
  });
  return toRequestId(header.requestId);
}

function unavailable(message: string, worker: string): RetryableError {
  return new RetryableError("WORKER_UNAVAILABLE", message, { worker });
}
