import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beginCell, Dictionary, toNano } from "@ton/core";
import OpenAI from "openai";
import { createDevelopmentSource, startAttestor } from "../../../../relayer/attestation";
import { createKeyCache } from "../../../../relayer/chain";
import type { Policy } from "../../../../relayer/client";
import { type ApiKeyOption, type Gateway, startGateway } from "../../../../relayer/gateway";
import { devWallet } from "../../../../relayer/localnet/devWallets";
import { type Localnet, startLocalnet } from "../../../../relayer/localnet/startLocalnet";
import type { Clock } from "../../../../relayer/observe/clock";
import { createLog, type Log, silentLog } from "../../../../relayer/observe/log";
import { primitives, toRawAddress } from "../../../../relayer/protocol";
import { type Provider, startProvider } from "../../../../relayer/provider";
import { type RunningWorker, startWorker } from "../../../../relayer/worker/startWorker";
import { type Offer, storeProviderProfile } from "../../../../wrappers/messages";
import {
  ATTESTOR_SEEDS,
  type DeployedNetwork,
  deployNetwork,
  IMAGE_HASH,
  MODEL_HASH,
  PLATFORM_SEED,
  PRICES,
  toUint,
} from "../../support/deployNetwork";
import { chatBackend, type Script } from "./chatBackend";

export const MODEL = "cocoon-test";
export const ADMIN_KEY = "sk-cocoon-admin-0123456789";
export const LIMITED_KEY = "sk-cocoon-limited-0123456789";
/** Pays for a handful of worst cases. */
export const LIMIT_NANO = 40_000_000n;
export const API_KEYS: readonly ApiKeyOption[] = [
  { name: "admin", key: ADMIN_KEY },
  { name: "limited", key: LIMITED_KEY, limitNano: LIMIT_NANO },
];
const keys = createKeyCache();

export const GATEWAY_POLICY: Partial<Policy> = {
  refreshMs: 1_000,
  cosignDelayMs: 20,
  cooldownMs: 500,
  openWaitMs: 20_000,
  firstByteMs: 20_000,
  interFrameMs: 20_000,
  jobBudgetNano: toNano("1"),
  keepTexts: true,
};

/** Everything real but the model: chain, contracts, attestor, worker, provider and gateway. */
export interface World {
  readonly net: Localnet;
  readonly network: DeployedNetwork;
  readonly script: Script;
  readonly logLines: string[];
  readonly openai: OpenAI;
  worker: RunningWorker;
  provider: Provider;
  gateway: Gateway;
  startGateway(policy?: Partial<Policy>): Promise<void>;
  stopProvider(): Promise<void>;
  client(key: string): OpenAI;
  get(path: string, key?: string): Promise<Response>;
  post(path: string, body: unknown, key?: string): Promise<Response>;
  close(): Promise<void>;
}

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  timeoutMs = 20_000,
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

export async function createWorld(): Promise<World> {
  const net = await startLocalnet({ port: 0, blockMs: 0, finalityBlocks: 0, log: silentLog });
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
  const script: Script = { words: ["Hello", " from", " the", " enclave"], delayMs: 0, status: 200 };
  const worker = await startWorker({
    host: "127.0.0.1",
    port: 0,
    backend: chatBackend(script),
    model: { name: MODEL, hash: MODEL_HASH, contextLength: 4_096, maxOutputTokens: 1_024 },
    quoteSource: createDevelopmentSource({ seed: PLATFORM_SEED, imageHash: IMAGE_HASH }),
    maxConcurrent: 64,
    log: silentLog,
    clock,
  });
  const folder = mkdtempSync(join(tmpdir(), "cocoon-gateway-"));
  const logLines: string[] = [];
  const log: Log = createLog({
    name: "gateway",
    level: "debug",
    destination: { write: (line) => logLines.push(line) },
  });
  const provider = await startProvider({
    host: "127.0.0.1",
    port: 0,
    storeUrl: `file:${folder}/provider`,
    chainEndpoints: [{ endpoint: net.endpoint }],
    network: { registry: network.registry.address.toRawString(), globalId: net.chain.globalId },
    providerAddress: network.provider.address.toRawString(),
    operator: { mnemonic: devWallet("operator").mnemonic.split(" "), deriveKey: keys },
    workerUrls: [worker.url],
    attestorUrls: [attestor.url],
    policy: {
      pollMs: 40,
      healthMs: 100,
      attestMs: 150,
      settleMs: 50,
      settleMinNano: 1n,
      cosignGraceMs: 300,
      drainMs: 300,
      stopMs: 2_000,
    },
    log: silentLog,
    clock,
  });
  await publishEndpoint(network, provider.url);
  await until("the worker is attested", async () => {
    const answer = await fetch(`${provider.url}/v1/workers`);
    return (await answer.text()) === "[]" ? undefined : true;
  });
  const start = (policy: Partial<Policy> = {}) =>
    startGateway({
      port: 0,
      store: `file:${folder}/gateway`,
      endpoints: [net.endpoint],
      network: { globalId: net.chain.globalId, registry: network.registry.address.toRawString() },
      mnemonic: devWallet("developer").mnemonic,
      apiKeys: API_KEYS,
      sessionSecret: Buffer.alloc(32, 5),
      policy: { ...GATEWAY_POLICY, ...policy },
      log,
      clock,
    });
  const gateway = await start();
  const client = (key: string) =>
    new OpenAI({ apiKey: key, baseURL: `${world.gateway.url}/v1`, maxRetries: 0, timeout: 30_000 });
  const headers = (key: string | undefined): Record<string, string> =>
    key === undefined ? {} : { authorization: `Bearer ${key}` };
  let isProviderUp = true;
  const world: World = {
    net,
    network,
    script,
    logLines,
    worker,
    provider,
    gateway,
    client,
    get openai() {
      return client(ADMIN_KEY);
    },
    startGateway: async (policy) => {
      world.gateway = await start(policy);
    },
    stopProvider: async () => {
      isProviderUp = false;
      await provider.close();
    },
    get: (path, key = ADMIN_KEY) => fetch(`${world.gateway.url}${path}`, { headers: headers(key) }),
    post: (path, body, key = ADMIN_KEY) =>
      fetch(`${world.gateway.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers(key) },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    close: async () => {
      await world.gateway.close();
      if (isProviderUp) {
        await provider.close();
      }
      await worker.close();
      await attestor.close();
      await network.close();
      await net.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** The operator tells the chain where its relayer listens. */
async function publishEndpoint(network: DeployedNetwork, endpoint: string): Promise<void> {
  const offers = Dictionary.empty<bigint, Offer>();
  offers.set(toUint(MODEL_HASH), { $$type: "Offer", prices: PRICES, contextLength: 4_096n, concurrency: 8n });
  const profile = beginCell()
    .store(
      storeProviderProfile({
        $$type: "ProviderProfile",
        gpuCount: 1n,
        vramGb: 1n,
        availability: 1n,
        gpuModel: "test",
        region: "CH",
        endpoint,
      }),
    )
    .endCell();
  await network.provider.send(
    await network.via("operator"),
    { value: toNano("0.2") },
    { $$type: "SetOffers", queryId: 1n, maxOpenJobs: 16n, offers, profile },
  );
}
