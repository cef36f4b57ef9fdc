import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { OpenedContract } from "@ton/core";
import { toNano } from "@ton/core";
import { request } from "undici";
import { createDevelopmentSource, startAttestor } from "../../../../relayer/attestation";
import { createKeyCache } from "../../../../relayer/chain";
import { devWallet } from "../../../../relayer/localnet/devWallets";
import { type Localnet, startLocalnet } from "../../../../relayer/localnet/startLocalnet";
import type { Clock } from "../../../../relayer/observe/clock";
import { createLog, type Log, silentLog } from "../../../../relayer/observe/log";
import {
  primitives,
  type Terms,
  toJobAddress,
  toRawAddress,
  toRequestId,
} from "../../../../relayer/protocol";
import { type Policy, type Provider, startProvider } from "../../../../relayer/provider";
import { type RunningWorker, startWorker } from "../../../../relayer/worker/startWorker";
import type { JobEscrow } from "../../../../wrappers";
import {
  ATTESTOR_SEEDS,
  type DeployedNetwork,
  deployNetwork,
  IMAGE_HASH,
  MODEL_HASH,
  named,
  PLATFORM_SEED,
  PRICES,
  toUint,
} from "../../support/deployNetwork";
import { type Answer, ask, type Call, type ListedWorker } from "./developer";
import { type Script, scriptedBackend } from "./scriptedBackend";
import { startTamperProxy, type TamperProxy } from "./tamperProxy";

export const SESSION_SEED = named("session");
export const BUDGET = toNano("2");
const keys = createKeyCache();

export interface World {
  readonly net: Localnet;
  readonly network: DeployedNetwork;
  readonly script: Script;
  readonly proxy: TamperProxy;
  readonly logLines: string[];
  readonly clock: Clock;
  worker: RunningWorker;
  provider: Provider;
  /** Opens a job, waits until its lane serves, and gives what a developer needs to use it. */
  openJob(
    nonce: bigint,
    options?: { readonly budgetNano?: bigint; readonly deadline?: number },
  ): Promise<OpenJob>;
  startProvider(policy?: Partial<Policy>): Promise<void>;
  restartWorker(): Promise<void>;
  listed(): Promise<readonly ListedWorker[]>;
  close(): Promise<void>;
}

export interface OpenJob {
  readonly contract: OpenedContract<JobEscrow>;
  readonly terms: Terms;
  call(overrides?: Partial<Call>): Promise<Call>;
  ask(overrides?: Partial<Call>): Promise<Answer>;
}

/** What a developer has while no worker is listed. */
const NOBODY: Answer = {
  status: 0,
  requestId: toRequestId("00".repeat(16)),
  code: "NO_WORKER",
  text: "",
  record: undefined,
  complete: false,
};

/** Quick rounds, and no threshold that a test would have to reach. */
export const TEST_POLICY: Partial<Policy> = {
  pollMs: 100,
  healthMs: 100,
  attestMs: 300,
  settleMs: 150,
  settleMinNano: 1n,
  cosignGraceMs: 300,
  drainMs: 300,
  stopMs: 2_000,
};

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  timeoutMs = 40_000,
): Promise<T> {
  const limit = performance.now() + timeoutMs;
  while (performance.now() < limit) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    await pause(25);
  }
  throw new Error(`Waited in vain until ${what}`);
}

export async function createWorld(
  options: { readonly policy?: Partial<Policy>; readonly storeUrl?: string; readonly start?: boolean } = {},
): Promise<World> {
  const net = await startLocalnet({
    port: 0,
    blockMs: 0,
    finalityBlocks: 0,
    faultsEnabled: true,
    log: silentLog,
  });
  // Everyone keeps the chain's time, so that a test that moves it moves everyone.
  const clock: Clock = { nowMs: () => net.chain.now() * 1_000 };
  const network = await deployNetwork(net);
  const attestor = await startAttestor({
    host: "127.0.0.1",
    port: 0,
    networkId: net.chain.globalId,
    registry: toRawAddress(network.attestation.address.toRawString()),
    attestors: ATTESTOR_SEEDS.slice(0, 2).map((seed, index) => ({ index, seed })),
    policy: {
      images: [{ hash: IMAGE_HASH, expiresAt: net.chain.now() + 20 * 86_400 }],
      models: [MODEL_HASH],
      developmentPlatforms: [primitives.ed25519PublicKey(PLATFORM_SEED)],
    },
    log: silentLog,
    clock,
  });
  const script: Script = { chunks: 3, chunkBytes: 60, delayMs: 0, promptTokens: 10n, completionTokens: 20n };
  const bootWorker = () =>
    startWorker({
      host: "127.0.0.1",
      port: 0,
      backend: scriptedBackend(script),
      model: { name: "test", hash: MODEL_HASH, contextLength: 4_096, maxOutputTokens: 1_024 },
      quoteSource: createDevelopmentSource({ seed: PLATFORM_SEED, imageHash: IMAGE_HASH }),
      maxConcurrent: 64,
      log: silentLog,
      clock,
    });
  const worker = await bootWorker();
  const proxy = await startTamperProxy(worker.url);
  const folder = mkdtempSync(join(tmpdir(), "cocoon-provider-"));
  const logLines: string[] = [];
  const log: Log = createLog({
    name: "provider",
    level: "debug",
    destination: { write: (line) => logLines.push(line) },
  });
  const operator = devWallet("operator").mnemonic;
  const start = (policy: Partial<Policy> = {}) =>
    startProvider({
      host: "127.0.0.1",
      port: 0,
      storeUrl: options.storeUrl ?? `file:${folder}`,
      chainEndpoints: [{ endpoint: net.endpoint }],
      network: { registry: network.registry.address.toRawString(), globalId: net.chain.globalId },
      providerAddress: network.provider.address.toRawString(),
      operator: { mnemonic: operator.split(" "), deriveKey: keys },
      workerUrls: [proxy.url],
      attestorUrls: [attestor.url],
      policy: { ...TEST_POLICY, ...options.policy, ...policy },
      log,
      clock,
    });
  const listed = async (): Promise<readonly ListedWorker[]> => {
    const response = await request(`${world.provider.url}/v1/workers`);
    // The shape is what the test is about; a wrong one fails where it is used.
    return (await response.body.json()) as readonly ListedWorker[];
  };
  const world: World = {
    net,
    network,
    script,
    proxy,
    logLines,
    clock,
    worker,
    provider: options.start === false ? { url: "", close: async () => {} } : await start(),
    listed,
    startProvider: async (policy) => {
      world.provider = await start(policy);
    },
    restartWorker: async () => {
      await world.worker.close();
      world.worker = await bootWorker();
      proxy.target = world.worker.url;
    },
    openJob: (nonce, order = {}) => openJob(world, nonce, order),
    close: async () => {
      await world.provider.close();
      await proxy.close();
      await world.worker.close();
      await attestor.close();
      await network.close();
      await net.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

async function openJob(
  world: World,
  nonce: bigint,
  order: { readonly budgetNano?: bigint; readonly deadline?: number },
): Promise<OpenJob> {
  await until("the worker is attested", async () => (await world.listed())[0]);
  const contract = await world.network.openJob({
    nonce,
    budgetNano: order.budgetNano ?? BUDGET,
    worker: toUint(Buffer.from(world.worker.receiptPublicKey, "hex")),
    sessionPublicKey: primitives.ed25519PublicKey(SESSION_SEED),
    deadline: order.deadline,
  });
  const terms: Terms = {
    networkId: world.net.chain.globalId,
    job: toJobAddress(contract.address.toRawString()),
    provider: toRawAddress(world.network.provider.address.toRawString()),
    modelHash: MODEL_HASH,
    sessionPublicKey: primitives.ed25519PublicKey(SESSION_SEED),
    promptPrice: PRICES.prompt,
    cachedPrice: PRICES.cached,
    completionPrice: PRICES.completion,
    reasoningPrice: PRICES.reasoning,
  };
  const call = async (overrides: Partial<Call> = {}): Promise<Call> => {
    const [worker] = overrides.worker === undefined ? await world.listed() : [overrides.worker];
    if (worker === undefined) {
      throw new Error("No worker is listed.");
    }
    return {
      url: world.provider.url,
      worker,
      terms,
      sessionSeed: SESSION_SEED,
      nowSeconds: world.net.chain.now(),
      ...overrides,
    };
  };
  const job: OpenJob = {
    contract,
    terms,
    call,
    ask: async (overrides) => {
      const [worker] = overrides?.worker === undefined ? await world.listed() : [overrides.worker];
      return worker === undefined ? NOBODY : ask(await call({ worker, ...overrides }));
    },
  };
  await until("the job is served", async () => {
    const refused = await job.ask({
      maxCostNano: 0n,
      headers: { "cocoon-authorization": Buffer.alloc(64).toString("base64") },
    });
    return refused.code === "BAD_AUTHORIZATION" ? true : undefined;
  });
  return job;
}
