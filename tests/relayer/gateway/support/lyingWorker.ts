import { createServer } from "node:http";
import { signHead, type TreeHead } from "../../../../relayer/protocol";
import type { WorkerOptions } from "../../../../relayer/worker";
import { createPlaces } from "../../../../relayer/worker/admit";
import { createGenerations, type Generation } from "../../../../relayer/worker/generations";
import { createHandler } from "../../../../relayer/worker/http/handleRequest";
import type { Lane } from "../../../../relayer/worker/lane";
import { createMetrics } from "../../../../relayer/worker/metrics";
import { createQuoteBudget } from "../../../../relayer/worker/quoteBudget";
import { createReplayGuard } from "../../../../relayer/worker/replayGuard";
import type { RunningWorker } from "../../../../relayer/worker/startWorker";
import { createStops } from "../../../../relayer/worker/stops";
import { createTaskBook } from "../../../../relayer/worker/tasks/taskBook";
import { type Lie, lyingLane } from "./lyingLane";

/** A worker of the same parts whose lanes lie when they are told to, in a machine that is attested as any other. */
export interface LyingWorker extends RunningWorker {
  /** Undefined: it tells the truth. */
  lie: Lie | undefined;
  /** Signs a head, whatever it says. */
  sign(head: TreeHead): Uint8Array;
}

export async function startLyingWorker(options: WorkerOptions): Promise<LyingWorker> {
  const { backend, clock, log, model } = options;
  const generations = createGenerations({
    modelHash: model.hash,
    configHash: new Uint8Array(32),
    quoteSource: options.quoteSource,
    clock,
  });
  const lying = new Map<Lane, Lane>();
  const wrapped = (generation: Generation): Generation => {
    const wrap = (lane: Lane): Lane => {
      const known = lying.get(lane) ?? lyingLane(lane, () => worker.lie);
      lying.set(lane, known);
      return known;
    };
    const { lanes } = generation;
    return {
      ...generation,
      lanes: { open: (...order) => wrap(lanes.open(...order)), find: (job) => wrap(lanes.find(job)) },
    };
  };
  const running = new Set<Promise<void>>();
  const shutdown = new AbortController();
  const places = createPlaces(options.maxConcurrent);
  const handler = createHandler({
    generations: {
      current: () => wrapped(generations.current()),
      former: generations.former,
      find: (key) => wrapped(generations.find(key)),
      bind: generations.bind,
    },
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
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(options.port, options.host, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const worker: LyingWorker = {
    lie: undefined,
    sign: (head) => signHead(generations.current().keys.receiptSeed, head),
    url: `http://${options.host}:${port}`,
    get receiptPublicKey() {
      return generations.current().key;
    },
    async close() {
      shutdown.abort();
      await Promise.all(running);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await backend.close();
    },
  };
  return worker;
}
