import { setTimeout as pause } from "node:timers/promises";
import { beginCell, type Cell, Dictionary, toNano } from "@ton/core";
import { createDevelopmentSource, type QuoteSource } from "../../../../relayer/attestation";
import { createKeyCache } from "../../../../relayer/chain";
import { type DevRole, devWallet } from "../../../../relayer/localnet/devWallets";
import type { Clock } from "../../../../relayer/observe/clock";
import { type Log, silentLog } from "../../../../relayer/observe/log";
import { type BidPolicy, type Provider, startProvider } from "../../../../relayer/provider";
import type { WorkerOptions } from "../../../../relayer/worker";
import type { Backend } from "../../../../relayer/worker/backends/backend";
import { type RunningWorker, startWorker } from "../../../../relayer/worker/startWorker";
import { contractCodes } from "../../../../wrappers/codes";
import {
  type Offer,
  type Prices,
  storeProviderCatalog,
  storeProviderProfile,
} from "../../../../wrappers/messages";
import { type ProviderStake, providerStake } from "../../../../wrappers/ProviderStake";
import { startTamperProxy, type TamperProxy } from "../../provider/support/tamperProxy";
import {
  type DeployedNetwork,
  IMAGE_HASH,
  MODEL_HASH,
  PLATFORM_SEED,
  STAKE,
  toUint,
} from "../../support/deployNetwork";

export const MODEL = "cocoon-test";
export const CONTEXT_LENGTH = 4_096;
const keys = createKeyCache();

/** One provider with its worker, both real, and a proxy before it that a test may let misbehave. */
export interface Supply {
  readonly provider: Provider;
  /** Raw. */
  readonly address: string;
  /** What the chain names as the provider's endpoint. */
  readonly proxy: TamperProxy;
  worker(): RunningWorker;
  /** The same port, new keys. Resolves as soon as it runs; its provider attests it by itself. */
  restartWorker(): Promise<void>;
  stopProvider(): Promise<void>;
  close(): Promise<void>;
}

export interface SupplyOptions {
  readonly network: DeployedNetwork;
  readonly attestorUrl: string;
  readonly clock: Clock;
  readonly folder: string;
  readonly backend: () => Backend;
  /** Of the ProviderStake; 0 is deployed already. */
  readonly index: number;
  readonly operator: DevRole;
  readonly prices: Prices;
  readonly settleMinNano: bigint;
  /** By default that of a development platform. */
  readonly quoteSource?: QuoteSource;
  /** Without it, it bids in no auction. */
  readonly bids?: BidPolicy;
  /** `startWorker`, unless what is attested is something else. */
  readonly startWorker?: (options: WorkerOptions) => Promise<RunningWorker>;
  /** The relayer's. */
  readonly log?: Log;
}

/** Starts a provider and its worker; resolves once the worker is attested. */
export async function startSupply(options: SupplyOptions): Promise<Supply> {
  const { network, clock } = options;
  const { net } = network;
  const bootWorker = (port: number) =>
    (options.startWorker ?? startWorker)({
      host: "127.0.0.1",
      port,
      backend: options.backend(),
      model: { name: MODEL, hash: MODEL_HASH, contextLength: CONTEXT_LENGTH, maxOutputTokens: 1_024 },
      quoteSource:
        options.quoteSource ?? createDevelopmentSource({ seed: PLATFORM_SEED, imageHash: IMAGE_HASH }),
      maxConcurrent: 64,
      log: silentLog,
      clock,
    });
  const proxy = await startTamperProxy("");
  const stake = await register(options, proxy.url);
  let worker = await bootWorker(0);
  const provider = await startProvider({
    host: "127.0.0.1",
    port: 0,
    storeUrl: `file:${options.folder}/provider-${options.index}`,
    chainEndpoints: [{ endpoint: net.endpoint }],
    network: { registry: network.registry.address.toRawString(), globalId: net.chain.globalId },
    providerAddress: stake.address.toRawString(),
    operator: { mnemonic: devWallet(options.operator).mnemonic.split(" "), deriveKey: keys },
    workerUrls: [worker.url],
    attestorUrls: [options.attestorUrl],
    bids: options.bids,
    policy: {
      pollMs: 40,
      healthMs: 100,
      // A machine that runs many tests at once may hold a healthy worker up for seconds.
      healthTimeoutMs: 5_000,
      attestMs: 150,
      settleMs: 50,
      bidMs: 150,
      settleMinNano: options.settleMinNano,
      cosignGraceMs: 300,
      drainMs: 300,
      stopMs: 20_000,
    },
    log: options.log ?? silentLog,
    clock,
  });
  proxy.target = provider.url;
  await untilAttested(provider);
  let isProviderUp = true;
  const stopProvider = async () => {
    if (isProviderUp) {
      isProviderUp = false;
      await provider.close();
    }
  };
  return {
    provider,
    address: stake.address.toRawString(),
    proxy,
    worker: () => worker,
    restartWorker: async () => {
      const port = Number(new URL(worker.url).port);
      await worker.close();
      worker = await bootWorker(port);
    },
    stopProvider,
    close: async () => {
      await stopProvider();
      await proxy.close();
      await worker.close();
    },
  };
}

async function untilAttested(provider: Provider): Promise<void> {
  for (;;) {
    const answer = await fetch(`${provider.url}/v1/workers`);
    if ((await answer.text()) !== "[]") {
      return;
    }
    await pause(25);
  }
}

/** Tells the chain where the provider's relayer listens and what it asks; registers it first unless it is. */
async function register(options: SupplyOptions, endpoint: string) {
  const { network, index } = options;
  const offers = Dictionary.empty<bigint, Offer>();
  const { prices } = options;
  const contextLength = BigInt(CONTEXT_LENGTH);
  offers.set(toUint(MODEL_HASH), { $$type: "Offer", prices, contextLength, concurrency: 8n });
  const profile: Cell = beginCell()
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
  if (index === 0) {
    await network.provider.send(
      await network.via("operator"),
      { value: toNano("0.2") },
      { $$type: "SetOffers", queryId: 1n, maxOpenJobs: 16n, offers, profile },
    );
    return network.provider;
  }
  const { job } = await contractCodes();
  const owner = devWallet("provider").v5;
  const stake = network.open<ProviderStake>(
    await providerStake({ registry: network.registry.address, owner, index, jobCode: job }),
  );
  const operator = devWallet(options.operator).v5;
  const catalog = beginCell()
    .store(storeProviderCatalog({ $$type: "ProviderCatalog", operator, maxOpenJobs: 16n, offers, profile }))
    .endCell();
  await stake.send(
    await network.via("provider"),
    { value: STAKE + (await network.registry.getMinValueToRegister()) + toNano("0.01") },
    { $$type: "RegisterProvider", queryId: 1n, stake: STAKE, catalog },
  );
  return stake;
}
