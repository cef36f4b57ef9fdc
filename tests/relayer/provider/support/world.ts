import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import {
  type CollateralSource,
  createDevelopmentSource,
  createTdxDevelopmentSource,
  describeTdxDevelopment,
  type QuoteSource,
  startAttestor,
} from "../../../../relayer/attestation";
import { createKeyCache } from "../../../../relayer/chain";
import { devWallet } from "../../../../relayer/localnet/devWallets";
import { type Localnet, startLocalnet } from "../../../../relayer/localnet/startLocalnet";
import type { Clock } from "../../../../relayer/observe/clock";
import { createLog, type Log, silentLog } from "../../../../relayer/observe/log";
import { primitives, toRawAddress } from "../../../../relayer/protocol";
import { type BidPolicy, type Policy, type Provider, startProvider } from "../../../../relayer/provider";
import type { Backend } from "../../../../relayer/worker/backends/backend";
import { type RunningWorker, startWorker } from "../../../../relayer/worker/startWorker";
import { planQuotes } from "../../../../wrappers/deployments";
import {
  ATTESTOR_SEEDS,
  type DeployedNetwork,
  deployNetwork,
  IMAGE_HASH,
  MODEL_HASH,
  named,
  PLATFORM_SEED,
} from "../../support/deployNetwork";
import { until } from "../../support/until";
import type { ListedWorker } from "./developer";
import { BUDGET, type OpenJob, openJob, SESSION_SEED } from "./openJob";
import { type Script, scriptedBackend } from "./scriptedBackend";
import { startTamperProxy, type TamperProxy } from "./tamperProxy";

export { BUDGET, type OpenJob, SESSION_SEED, until };

const keys = createKeyCache();

export interface World {
  readonly net: Localnet;
  readonly network: DeployedNetwork;
  readonly script: Script;
  readonly proxy: TamperProxy;
  readonly logLines: string[];
  readonly clock: Clock;
  /** Runs after each quote that the worker's machine makes, before anybody has it. */
  readonly hooks: { onQuote: () => Promise<void> };
  worker: RunningWorker;
  provider: Provider;
  /** Opens a job, waits until its lane serves, and gives what a developer needs to use it. */
  openJob(
    nonce: bigint,
    options?: { readonly budgetNano?: bigint; readonly deadline?: number },
  ): Promise<OpenJob>;
  /** On the store that it had, unless another is named. */
  startProvider(policy?: Partial<Policy>, storeUrl?: string): Promise<void>;
  restartWorker(): Promise<void>;
  listed(): Promise<readonly ListedWorker[]>;
  close(): Promise<void>;
}

/** Whose quotes the worker of a `tdx` world makes. */
export const TDX_PLATFORM = { rootSeed: named("root of the tests' machines"), image: "provider tests" };

function withHook(source: QuoteSource, hooks: World["hooks"]): QuoteSource {
  return {
    tee: source.tee,
    async quote(reportData) {
      const evidence = await source.quote(reportData);
      await hooks.onQuote();
      return evidence;
    },
  };
}

/** Quick rounds, and no threshold that a test would have to reach. */
export const TEST_POLICY: Partial<Policy> = {
  pollMs: 100,
  healthMs: 100,
  healthTimeoutMs: 5_000,
  attestMs: 300,
  settleMs: 150,
  settleMinNano: 1n,
  cosignGraceMs: 300,
  drainMs: 300,
  stopMs: 2_000,
};

/** Before a test starts one. */
const NO_PROVIDER: Provider = {
  url: "",
  workers: { list: () => [], add: () => {}, drain: async () => {}, set: () => {} },
  close: async () => {},
};

export async function createWorld(
  options: {
    readonly policy?: Partial<Policy>;
    readonly storeUrl?: string;
    readonly start?: boolean;
    /** Bids in auctions by this. */
    readonly bids?: BidPolicy;
    /** The worker runs in a TDX machine of the network's own root, and nobody but the chain attests it. */
    readonly tdx?: boolean;
    /** Where the relayer finds what the root's owner has published about machines. */
    readonly collateral?: CollateralSource;
    /** Of the worker; by default the script's. */
    readonly backend?: () => Backend;
    readonly capacity?: number;
  } = {},
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
  const described = describeTdxDevelopment(TDX_PLATFORM, net.chain.now());
  const quotes = planQuotes({ quotes: described.quotes });
  const network = await deployNetwork(
    net,
    options.tdx === true ? { quotes, imageHash: described.imageHash } : {},
  );
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
  const hooks: World["hooks"] = { onQuote: async () => {} };
  const quoteSource: QuoteSource =
    options.tdx === true
      ? withHook(createTdxDevelopmentSource(TDX_PLATFORM), hooks)
      : createDevelopmentSource({ seed: PLATFORM_SEED, imageHash: IMAGE_HASH });
  const bootWorker = () =>
    startWorker({
      host: "127.0.0.1",
      port: 0,
      backend: options.backend?.() ?? scriptedBackend(script),
      model: { name: "test", hash: MODEL_HASH, contextLength: 4_096, maxOutputTokens: 1_024 },
      quoteSource,
      maxConcurrent: options.capacity ?? 64,
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
  const start = (policy: Partial<Policy> = {}, storeUrl = options.storeUrl ?? `file:${folder}`) =>
    startProvider({
      host: "127.0.0.1",
      port: 0,
      storeUrl,
      chainEndpoints: [{ endpoint: net.endpoint }],
      network: { registry: network.registry.address.toRawString(), globalId: net.chain.globalId },
      providerAddress: network.provider.address.toRawString(),
      operator: { mnemonic: operator.split(" "), deriveKey: keys },
      workerUrls: [proxy.url],
      attestorUrls: options.tdx === true ? [] : [attestor.url],
      ...(options.bids === undefined ? {} : { bids: options.bids }),
      ...(options.collateral === undefined ? {} : { collateral: options.collateral }),
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
    hooks,
    clock,
    worker,
    provider: options.start === false ? NO_PROVIDER : await start(),
    listed,
    startProvider: async (policy, storeUrl) => {
      world.provider = await start(policy, storeUrl);
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
