import { FinalError, RetryableError } from "../errors";
import {
  checkAuthorization,
  checkRequestLife,
  decodeRequestHeader,
  equalBytes,
  hashSealedBody,
  keyIdOf,
  MAX_REQUEST_LIFE_SECONDS,
  type OpenedRequest,
  openRequest,
} from "../protocol";
import type { Generations } from "./generations";
import type { SealedHeaders } from "./http/sealedHeaders";
import type { WorkerKeys } from "./keys";
import type { Lane } from "./lane";
import type { ReplayGuard } from "./replayGuard";

/** A request that may run: paid for, not seen before, opened. `release` gives its reservation and its place back. */
export interface AdmittedRequest {
  /** Those that it was sealed to, and that sign its receipt, whatever keys the worker has by then. */
  readonly keys: WorkerKeys;
  readonly lane: Lane;
  readonly maxCost: bigint;
  readonly opened: OpenedRequest;
  release(): void;
}

export interface AdmitDeps {
  readonly generations: Generations;
  readonly replays: ReplayGuard;
  readonly places: Places;
}

/** How many requests run at once. */
export interface Places {
  readonly capacity: number;
  inFlight(): number;
  isFull(): boolean;
  /** The answer gives the place back. */
  take(): () => void;
}

export function createPlaces(capacity: number): Places {
  let inFlight = 0;
  return {
    capacity,
    inFlight: () => inFlight,
    isFull: () => inFlight >= capacity,
    take() {
      inFlight += 1;
      return () => {
        inFlight -= 1;
      };
    },
  };
}

/**
 * Decides about a sealed request from what is not secret, and opens it last. It does not wait, so that two copies of a
 * request cannot both pass. Only an authorised request is remembered or holds money, so strangers can exhaust neither.
 */
export function admit(
  deps: AdmitDeps,
  sealed: { readonly headers: SealedHeaders; readonly body: Uint8Array; readonly nowMs: number },
): AdmittedRequest {
  const { headers, body } = sealed;
  const nowSeconds = Math.floor(sealed.nowMs / 1000);
  const { keys, identity: bound, lanes } = deps.generations.find(headers.worker);
  const identity = bound.required(nowSeconds);
  const lane = lanes.find(headers.job);
  const header = decodeRequestHeader(body);
  if (!equalBytes(header.keyId, keyIdOf(keys.hpkePublicKey))) {
    throw new FinalError("STALE_KEY", "The request is sealed to another key: fetch the attestation again.");
  }
  checkRequestLife(header, nowSeconds);
  if (headers.authExpires > nowSeconds + MAX_REQUEST_LIFE_SECONDS) {
    throw new FinalError("BAD_AUTHORIZATION", "The authorisation of the request lasts too long.", {
      expiresAt: headers.authExpires,
    });
  }
  checkAuthorization({
    statement: {
      networkId: identity.networkId,
      job: headers.job,
      workerPublicKey: keys.receiptPublicKey,
      termsHash: lane.termsHash,
      requestId: header.requestId,
      bodyHash: hashSealedBody(body),
      maxCost: headers.maxCost,
      expiresAt: headers.authExpires,
    },
    sessionPublicKey: lane.terms.sessionPublicKey,
    signature: headers.authorization,
    nowSeconds,
  });
  deps.replays.refuseRepeat(header, nowSeconds);
  lane.check(headers.maxCost, nowSeconds);
  if (deps.places.isFull()) {
    throw new RetryableError("OVERLOADED", "The worker is running as many requests as it can.", {
      capacity: deps.places.capacity,
    });
  }
  const opened = openRequest({
    hpkePrivateKey: keys.hpkePrivateKey,
    hpkePublicKey: keys.hpkePublicKey,
    bindHash: identity.bindHash,
    bytes: body,
    nowSeconds,
  });
  deps.replays.remember(header);
  const releaseMoney = lane.reserve(headers.maxCost);
  const releasePlace = deps.places.take();
  return {
    keys,
    lane,
    maxCost: headers.maxCost,
    opened,
    release() {
      releaseMoney();
      releasePlace();
    },
  };
}
