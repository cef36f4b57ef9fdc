import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { QuoteSource } from "../attestation/sources/quoteSource";
import { FinalError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import { primitives, utf8ToBytes, type WorkerKey } from "../protocol";
import { createPlaces } from "./admit";
import type { Backend } from "./backends/backend";
import { createGenerations } from "./generations";
import { createHandler } from "./http/handleRequest";
import { createMetrics } from "./metrics";
import type { ModelLimits } from "./planRequest";
import { createQuoteBudget } from "./quoteBudget";
import { createReplayGuard } from "./replayGuard";
import { createStops } from "./stops";
import { createTaskBook } from "./tasks/taskBook";

/** How long a stop lets answers finish before it cuts them, unless it is told. */
const STOP_MS = 30_000;

export interface WorkerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly backend: Backend;
  readonly model: ModelLimits & { readonly name: string; readonly hash: Uint8Array };
  readonly quoteSource: QuoteSource;
  /** What the platform measured of the configuration [32]; the hash of the model's settings where nothing is measured. */
  readonly configHash?: Uint8Array;
  readonly maxConcurrent: number;
  /** At a stop, answers under way get so long before they are cut. */
  readonly stopMs?: number;
  readonly log: Log;
  readonly clock: Clock;
}

export interface RunningWorker {
  readonly url: string;
  /** The newest, which new lanes are opened for. */
  readonly receiptPublicKey: WorkerKey;
  /** Takes no more requests, lets running ones finish for a while, then cuts them. The backend is closed too. */
  close(): Promise<void>;
}

/** Starts the part that runs inside the TEE. It serves nothing until `POST /v1/bind` tells it its provider. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { model, log, clock, backend } = options;
  if (model.hash.length !== 32 || options.maxConcurrent < 1) {
    throw new FinalError("CONFIG_INVALID", "A worker needs a model hash of 32 bytes and at least one place.");
  }
  const generations = createGenerations({
    modelHash: model.hash,
    configHash: options.configHash ?? hashSettings(model),
    quoteSource: options.quoteSource,
    clock,
  });
  const running = new Set<Promise<void>>();
  const shutdown = new AbortController();
  const places = createPlaces(options.maxConcurrent);
  const handler = createHandler({
    generations,
    replays: createReplayGuard(),
    tasks: createTaskBook(),
    stops: createStops(),
    places,
    metrics: createMetrics({
      isReady: () => backend.isHealthy(),
      inFlight: places.inFlight,
      capacity: places.capacity,
      keysEnd: () => generations.current().identity.current()?.notAfter ?? 0,
    }),
    quoteBudget: createQuoteBudget(clock),
    backend,
    model,
    modelHash: model.hash,
    log,
    clock,
    shutdown: shutdown.signal,
    track(run) {
      const entry: Promise<void> = run.catch(() => {}).finally(() => running.delete(entry));
      running.add(entry);
    },
  });
  const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, handler);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const url = `http://${options.host}:${portOf(server.address())}`;
  log.info({ msg: "worker started", url, worker: generations.current().key, model: model.name });
  return {
    url,
    get receiptPublicKey() {
      return generations.current().key;
    },
    async close() {
      shutdown.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await waitFor(Promise.all(running), options.stopMs ?? STOP_MS);
      server.closeAllConnections();
      await closed;
      await Promise.all(running);
      await backend.close();
    },
  };
}

function hashSettings(model: ModelLimits & { readonly name: string }): Uint8Array {
  const { name, contextLength, maxOutputTokens } = model;
  return primitives.sha256(utf8ToBytes(JSON.stringify({ name, contextLength, maxOutputTokens })));
}

async function waitFor(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") {
    throw new FinalError("INTERNAL", "The server has no port.");
  }
  return address.port;
}
