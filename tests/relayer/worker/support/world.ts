import { createDevelopmentSource } from "../../../../relayer/attestation";
import { manualClock } from "../../../../relayer/observe/clock";
import { createLog } from "../../../../relayer/observe/log";
import {
  createOpenAiBackend,
  type OpenAiBackendOptions,
  startWorker,
  type WorkerOptions,
} from "../../../../relayer/worker";
import {
  type CallOptions,
  MODEL_HASH,
  makeCall,
  NETWORK,
  PROMPT,
  PROVIDER,
  putLane,
  REGISTRY,
  send,
  sendAndLeave,
  termsOf,
  type WorkerIdentity,
} from "./developer";
import { startScriptedBackend } from "./scriptedBackend";

export const NOW = 1_800_000_000;
export const PLATFORM_SEED = new Uint8Array(32).fill(9);
export const IMAGE = new Uint8Array(32).fill(7);
export const MODEL = { name: "m", hash: MODEL_HASH, contextLength: 100, maxOutputTokens: 50 };

export type World = Awaited<ReturnType<typeof createWorld>>;

/** A bound worker with one open lane in front of a scripted backend. */
export async function createWorld(
  options: {
    readonly worker?: Partial<WorkerOptions>;
    readonly backend?: Partial<OpenAiBackendOptions>;
  } = {},
) {
  const clock = manualClock(NOW * 1000);
  const lines: string[] = [];
  const log = createLog({
    name: "worker",
    level: "debug",
    destination: { write: (line) => lines.push(line) },
  });
  const backend = await startScriptedBackend();
  const worker = await startWorker({
    host: "127.0.0.1",
    port: 0,
    backend: createOpenAiBackend({ url: backend.url, ...options.backend }),
    model: MODEL,
    quoteSource: createDevelopmentSource({ seed: PLATFORM_SEED, imageHash: IMAGE }),
    maxConcurrent: 4,
    log,
    clock,
    ...options.worker,
  });
  const bind = (fields: object = {}) =>
    fetch(`${worker.url}/v1/bind`, {
      method: "POST",
      body: JSON.stringify({ provider: PROVIDER, registry: REGISTRY, networkId: NETWORK, ...fields }),
    });
  const bound = await bind();
  const identity = (await bound.json()) as WorkerIdentity; // what the worker under test says
  await putLane(worker.url);
  const call = (body: object | string = {}, overrides: Partial<CallOptions> = {}) =>
    makeCall({
      identity,
      body:
        typeof body === "string"
          ? body
          : { model: "m", messages: [{ role: "user", content: PROMPT }], ...body },
      nowSeconds: clock.nowMs() / 1000,
      ...overrides,
    });
  return {
    worker,
    url: worker.url,
    backend,
    clock,
    lines,
    identity,
    bind,
    call,
    ask: (body: object | string = {}, overrides: Partial<CallOptions> = {}) =>
      send(worker.url, call(body, overrides), overrides.terms ?? termsOf()),
    leave: (body: object, bytes: number) => sendAndLeave(worker.url, call(body), bytes),
    lane: async () => (await putLane(worker.url)).json() as Promise<Record<string, string | number>>,
    async close() {
      await worker.close();
      await backend.close();
    },
  };
}

/** Waits until the condition holds; the test's own timeout ends it otherwise. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
