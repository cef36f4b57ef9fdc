import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { FinalError } from "../../errors";
import {
  fromBase64,
  fromHex,
  MAX_SEALED_REQUEST,
  TERMS_BYTES,
  toBase64,
  toHex,
  toJobAddress,
  toNano,
  toRawAddress,
  toWorkerKey,
} from "../../protocol";
import { admit } from "../admit";
import type { Generation } from "../generations";
import type { Metrics } from "../metrics";
import type { QuoteBudget } from "../quoteBudget";
import { runRequest } from "../runRequest";
import type { Stops } from "../stops";
import type { TaskDeps } from "../tasks/answerTask";
import { readBody, readJson } from "./readBody";
import { createResponseSink } from "./responseSink";
import { parseInteger, readSealedHeaders } from "./sealedHeaders";

const MAX_JSON_BYTES = 64 * 1024;
const MAX_I32 = 0x7fffffff;

const bindBody = z.strictObject({
  provider: z.string(),
  registry: z.string(),
  networkId: z
    .int()
    .min(-MAX_I32 - 1)
    .max(MAX_I32),
  fresh: z.string().optional(),
});
const laneBody = z.strictObject({
  terms: z.string(),
  budget: z.string(),
  deadlineAt: z.int().min(0),
  /** Which of the worker's keys is meant; the newest where it is left out. */
  worker: z.string().optional(),
});

const stopBody = z.strictObject({ requestId: z.string().length(32) });

export interface RouteDeps extends TaskDeps {
  readonly stops: Stops;
  readonly quoteBudget: QuoteBudget;
  readonly metrics: Metrics;
  track(run: Promise<void>): void;
}

/** The answer of a route that is not streamed. */
export type JsonAnswer = Readonly<Record<string, unknown>>;

export async function identityAnswer(deps: RouteDeps): Promise<JsonAnswer> {
  const { key, keys, identity } = deps.generations.current();
  const bound = identity.current();
  return {
    receiptPublicKey: key,
    hpkePublicKey: toHex(keys.hpkePublicKey),
    former: deps.generations.former().map((generation) => generation.key),
    modelHash: toHex(deps.modelHash),
    model: deps.model.name,
    contextLength: deps.model.contextLength,
    maxOutputTokens: deps.model.maxOutputTokens,
    inFlight: deps.places.inFlight(),
    capacity: deps.places.capacity,
    ready: !deps.shutdown.aborted && (await deps.backend.isHealthy()),
    ...(bound === undefined
      ? {}
      : {
          bind: toBase64(bound.bind),
          evidence: bound.evidence,
          networkId: bound.networkId,
          registry: bound.registry,
          provider: bound.provider,
          notAfter: bound.notAfter,
        }),
  };
}

/** The one that has this receipt key (hex), or the newest. */
export function generationOf({ generations }: RouteDeps, key: string | null | undefined): Generation {
  return key === undefined || key === null ? generations.current() : generations.find(toWorkerKey(key));
}

export async function healthAnswer(deps: RouteDeps): Promise<JsonAnswer> {
  return {
    ok: await deps.backend.isHealthy(),
    bound: deps.generations.current().identity.current() !== undefined,
    inFlight: deps.places.inFlight(),
    capacity: deps.places.capacity,
  };
}

/** Whether a request could run now. */
export async function readyAnswer(deps: RouteDeps): Promise<JsonAnswer> {
  const bound = deps.generations.current().identity.current() !== undefined;
  const backend = await deps.backend.isHealthy();
  const stopping = deps.shutdown.aborted;
  return { ok: bound && backend && !stopping, bound, backend, stopping };
}

export async function serveBind(deps: RouteDeps, request: IncomingMessage): Promise<JsonAnswer> {
  const body = await readJson(request, bindBody, MAX_JSON_BYTES);
  const network = {
    provider: toRawAddress(body.provider),
    registry: toRawAddress(body.registry),
    networkId: body.networkId,
  };
  const fresh = body.fresh === undefined ? undefined : fromHex(body.fresh, 32);
  const { key } = await deps.generations.bind(network, fresh);
  deps.log.info({
    msg: "worker bound",
    worker: key,
    provider: network.provider,
    networkId: network.networkId,
  });
  return identityAnswer(deps);
}

export async function serveLane(deps: RouteDeps, request: IncomingMessage, job: string): Promise<JsonAnswer> {
  const body = await readJson(request, laneBody, MAX_JSON_BYTES);
  const { identity, lanes } = generationOf(deps, body.worker);
  const bound = identity.required(nowSeconds(deps));
  const offer = {
    terms: fromBase64(body.terms, TERMS_BYTES),
    budget: toNano(parseInteger(body.budget, "budget")),
    deadlineAt: body.deadlineAt,
  };
  const address = toJobAddress(job);
  const state = lanes.open(address, offer, { ...bound, modelHash: deps.modelHash }).state();
  deps.log.info({ msg: "lane opened", job: address, budget: state.budget });
  return {
    job: address,
    budget: state.budget.toString(),
    deadlineAt: state.deadlineAt,
    size: state.size,
    amount: state.amount.toString(),
    reserved: state.reserved.toString(),
  };
}

/** Answers on the response itself; throws only before its first byte. */
export async function serveSealed(
  deps: RouteDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = readSealedHeaders(request.headers);
  const body = await readBody(request, MAX_SEALED_REQUEST, "SEALED_TOO_LARGE");
  if (deps.shutdown.aborted) {
    throw new FinalError("SHUTTING_DOWN", "The worker takes no more requests.");
  }
  const admitted = admit(deps, { headers, body, nowMs: deps.clock.nowMs() });
  const ended = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) {
      ended.abort();
    }
  });
  const sink = createResponseSink(response);
  const connection = { sink, signal: ended.signal, isOpen: () => !response.destroyed };
  const forget = deps.stops.begin(toHex(admitted.opened.header.requestId), ended);
  const run = runRequest(deps, admitted, connection).finally(forget);
  deps.track(run);
  await run;
}

/** Ends an answer whose client has gone; its receipt goes to whoever asked for the answer. */
export async function serveStop(deps: RouteDeps, request: IncomingMessage): Promise<JsonAnswer> {
  const { requestId } = await readJson(request, stopBody, MAX_JSON_BYTES);
  return { stopped: deps.stops.stop(requestId) };
}

function nowSeconds(deps: RouteDeps): number {
  return Math.floor(deps.clock.nowMs() / 1000);
}
