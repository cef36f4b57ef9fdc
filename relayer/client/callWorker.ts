import type { Dispatcher } from "undici";
import { FinalError, RetryableError } from "../errors";
import type { HttpAnswer, SentRequest } from "../http/sendRequest";
import {
  hashSealedBody,
  type OpenedFrame,
  type ResponseOpener,
  sealRequest,
  signAuthorization,
  toBase64,
} from "../protocol";
import type { VerifiedWorker } from "./checkWorker";
import { type ClientDeps, nowSeconds } from "./deps";
import { refusalOf, unreachableError } from "./providerHttp";
import type { Session } from "./session";

/** A sealed request is valid so long; the format allows 120, less leaves room for clocks that differ. */
const REQUEST_LIFE_SECONDS = 90;

export interface WorkerCall {
  readonly worker: VerifiedWorker;
  readonly session: Session;
  /** [16] */
  readonly requestId: Uint8Array;
  /** [32] */
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
  readonly maxCostNano: bigint;
  /** How long it may take from sending to its end. */
  readonly totalMs: number;
  /** The client's own end; the generation stops with it. */
  readonly signal: AbortSignal;
}

/** An answer whose status has arrived. `read` gives its pieces in order and resolves with the record's bytes. */
export interface WorkerAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Once. A piece is taken only after the promise of the one before, so a slow reader slows the worker. */
  read(onPayload: (payload: Uint8Array) => void | Promise<void>): Promise<Uint8Array>;
  abort(): void;
}

/** True for an answer that is sent on piece by piece. */
export function isStream({ status, contentType }: Pick<WorkerAnswer, "status" | "contentType">): boolean {
  return contentType.startsWith("text/event-stream") && status < 400;
}

/** A request as it goes out, and what opens its answer. */
interface SealedCall {
  readonly options: Dispatcher.DispatchOptions;
  readonly openResponse: ResponseOpener;
}

/**
 * Seals and authorises one request, sends it once `noted` has resolved, and waits for the status of its answer. Throws
 * what `noted` throws, and then nothing was sent.
 */
export async function callWorker(
  deps: ClientDeps,
  call: WorkerCall,
  noted: Promise<void>,
): Promise<WorkerAnswer> {
  // The store has the first turn: while the disk takes the note, the request is sealed.
  await new Promise<void>((resolve) => setImmediate(resolve));
  const { options, openResponse } = sealCall(deps, call);
  await noted;
  const sent = deps.http.send(call.worker.endpoint, options);
  const limits = createLimits(deps, { ...call, exchange: sent });
  try {
    const answer = await sent.answer;
    if (answer.statusCode !== 200) {
      throw await refusalOf(answer);
    }
    const frames = openFrames(answer, openResponse);
    const first = await frames.next();
    if (first?.kind !== "meta") {
      throw new FinalError("SEALED_MALFORMED", "The answer does not begin with its status.");
    }
    limits.firstByteSeen();
    return {
      status: first.status,
      contentType: first.contentType,
      read: async (onPayload) => {
        try {
          const record = await readAll(frames, onPayload);
          limits.leave();
          // Behind the answer's back: a body that ends as it should keeps its connection for the next request.
          frames.bodyEnd().catch(limits.abort);
          return record;
        } catch (thrown) {
          limits.end();
          throw limits.explain(thrown);
        }
      },
      abort: limits.abort,
    };
  } catch (thrown) {
    limits.end();
    throw limits.explain(thrown);
  }
}

function sealCall(deps: ClientDeps, call: WorkerCall): SealedCall {
  const { worker, session } = call;
  const expiresAt = nowSeconds(deps) + REQUEST_LIFE_SECONDS;
  const { bytes, openResponse } = sealRequest({ ...call, ...worker, expiresAt });
  const authorization = signAuthorization(session.seed, {
    networkId: deps.network.globalId,
    job: session.address,
    workerPublicKey: worker.publicKey,
    termsHash: session.termsHash,
    requestId: call.requestId,
    bodyHash: hashSealedBody(bytes),
    maxCost: call.maxCostNano,
    expiresAt,
  });
  const options = {
    method: "POST",
    path: "/v1/sealed",
    body: bytes,
    headers: {
      "content-type": "application/cocoon-sealed",
      "cocoon-job": session.address,
      "cocoon-worker": worker.key,
      "cocoon-max-cost": call.maxCostNano.toString(),
      "cocoon-auth-expires": String(expiresAt),
      "cocoon-authorization": toBase64(authorization),
    },
  } as const;
  return { options, openResponse };
}

async function readAll(
  frames: { next(): Promise<OpenedFrame | undefined> },
  onPayload: (payload: Uint8Array) => void | Promise<void>,
): Promise<Uint8Array> {
  let record: Uint8Array | undefined;
  for (;;) {
    const frame = await frames.next();
    switch (frame?.kind) {
      case "data": {
        const wait = frame.payload.length > 0 ? onPayload(frame.payload) : undefined;
        if (wait !== undefined) {
          await wait;
        }
        break;
      }
      case "record":
        record = frame.record;
        break;
      case "final":
        if (record === undefined) {
          throw new FinalError("RECEIPT_INVALID", "The answer came without its receipt.");
        }
        return record;
      case "meta":
      case undefined:
        throw new FinalError("SEALED_MALFORMED", "The frames of the answer are out of order.");
      default: {
        const impossible: never = frame;
        return impossible;
      }
    }
  }
}

/** Frames one by one out of the body's chunks. */
function openFrames(body: Pick<HttpAnswer, "next">, opener: ResponseOpener) {
  let queue: OpenedFrame[] = [];
  let at = 0;
  return {
    next: async (): Promise<OpenedFrame | undefined> => {
      while (at >= queue.length) {
        const chunk = await body.next();
        if (chunk === undefined) {
          opener.end();
          return undefined;
        }
        queue = opener.push(chunk);
        at = 0;
      }
      const frame = queue[at];
      at += 1;
      return frame;
    },
    /** Waits for the end of the body; throws when bytes follow the last frame. */
    bodyEnd: async (): Promise<void> => {
      for (let chunk = await body.next(); chunk !== undefined; chunk = await body.next()) {
        opener.push(chunk);
      }
    },
  };
}

/** The waits of one call: client's end, first byte, total. Between two chunks the socket's own limit holds. */
function createLimits(
  deps: ClientDeps,
  {
    signal: client,
    totalMs,
    exchange,
  }: Pick<WorkerCall, "signal" | "totalMs"> & { readonly exchange: Pick<SentRequest, "abort"> },
) {
  let reason: "client" | "firstByte" | "total" | undefined;
  const stop = (why: "client" | "firstByte" | "total") => {
    reason ??= why;
    exchange.abort(new Error("the answer is no longer wanted"));
  };
  const onClient = () => stop("client");
  client.addEventListener("abort", onClient, { once: true });
  const leave = () => {
    clearTimeout(firstByte);
    clearTimeout(total);
    client.removeEventListener("abort", onClient);
  };
  const firstByte = setTimeout(() => stop("firstByte"), deps.policy.firstByteMs);
  const total = setTimeout(() => stop("total"), totalMs);
  if (client.aborted) {
    onClient();
  }
  return {
    firstByteSeen: () => clearTimeout(firstByte),
    abort: () => stop("client"),
    /** After a whole answer. An abort here would cost an error with its stack. */
    leave,
    end: () => {
      leave();
      exchange.abort(new Error("the answer is of no use"));
    },
    explain: (thrown: unknown): unknown => {
      if (reason === "client") {
        return new FinalError("CLIENT_CLOSED", "The client went away before the answer ended.");
      }
      if (reason !== undefined) {
        return new RetryableError("TIMEOUT", "The worker did not answer in time.", { limit: reason });
      }
      return thrown instanceof RetryableError || thrown instanceof FinalError
        ? thrown
        : unreachableError(thrown);
    },
  };
}
