import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { toNano } from "@ton/core";
import OpenAI from "openai";
import {
  createTdxDevelopmentSource,
  describeTdxDevelopment,
  startAttestor,
  type TdxDevelopmentPlatform,
} from "../../../../relayer/attestation";
import { DEFAULT_POLICY, type Policy, parseReceiptFile, type ReceiptFile } from "../../../../relayer/client";
import {
  type ApiKeyOption,
  type Gateway,
  type GatewayOptions,
  startGateway,
} from "../../../../relayer/gateway";
import { devWallet } from "../../../../relayer/localnet/devWallets";
import { type Localnet, startLocalnet } from "../../../../relayer/localnet/startLocalnet";
import type { Clock } from "../../../../relayer/observe/clock";
import { createLog, type Log, silentLog } from "../../../../relayer/observe/log";
import { primitives, toRawAddress } from "../../../../relayer/protocol";
import type { BidPolicy } from "../../../../relayer/provider";
import type { Backend } from "../../../../relayer/worker/backends/backend";
import { planQuotes } from "../../../../wrappers/deployments";
import { modelMarket } from "../../../../wrappers/ModelMarket";
import type { Prices } from "../../../../wrappers/messages";
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
import { until } from "../../support/until";
import { chatBackend, type Script } from "./chatBackend";
import { MODEL, type Supply, type SupplyOptions, startSupply } from "./supply";

/** How often, 25 ms apart, a receipt is looked at for its co-signature: some times longer than one takes. */
const COSIGN_LOOKS = 80;

export { MODEL, until };
export const ADMIN_KEY = "sk-cocoon-admin-0123456789";
export const LIMITED_KEY = "sk-cocoon-limited-0123456789";
/** Pays for a handful of worst cases. */
export const LIMIT_NANO = 40_000_000n;
export const API_KEYS: readonly ApiKeyOption[] = [
  { name: "admin", key: ADMIN_KEY },
  { name: "limited", key: LIMITED_KEY, limitNano: LIMIT_NANO },
];

export const GATEWAY_POLICY: Partial<Policy> = {
  refreshMs: 1_000,
  cosignDelayMs: 20,
  cooldownMs: 500,
  openWaitMs: 60_000,
  deadWaitMs: 20_000,
  renewWaitMs: 60_000,
  firstByteMs: 20_000,
  interFrameMs: 20_000,
  jobBudgetNano: toNano("1"),
  keepTexts: true,
  // What is measured on a busy machine decides nothing here.
  choice: { ...DEFAULT_POLICY.choice, firstByte: 0, throughput: 0, success: 0 },
};

/** Everything real but the model: chain, contracts, attestor, workers, providers and gateway. */
export interface World {
  readonly net: Localnet;
  readonly network: DeployedNetwork;
  readonly clock: Clock;
  readonly folder: string;
  /** What the first provider's model says. */
  readonly script: Script;
  readonly logLines: string[];
  /** The same of the first provider. */
  readonly providerLines: string[];
  readonly openai: OpenAI;
  /** The first provider. */
  readonly supply: Supply;
  readonly attestorUrl: string;
  gateway: Gateway;
  startGateway(policy?: Partial<Policy>, options?: Partial<GatewayOptions>): Promise<void>;
  /** Another provider of the same model, by default at twice the price. */
  addSupply(script: Script, prices?: Prices, bids?: BidPolicy): Promise<Supply>;
  stopProvider(): Promise<void>;
  client(key: string): OpenAI;
  get(path: string, key?: string): Promise<Response>;
  post(path: string, body: unknown, key?: string): Promise<Response>;
  close(): Promise<void>;
}

/** Asks again while the gateway says to wait, as every client does: on a busy machine a provider may be late. */
export async function patient(ask: () => Promise<Response>): Promise<Response> {
  return await until("it is served", async () => {
    const answer = await ask();
    return answer.status === 503 ? undefined : answer;
  });
}

/**
 * Asks until an answer's head is co-signed. A co-signature is told with the newest head's receipt alone, and a
 * broken-off answer's receipt may come a little later than the next answer: then that one's head gets none.
 */
export async function untilCosigned(ask: () => Promise<() => Promise<string>>): Promise<ReceiptFile> {
  return await until("a head is co-signed", async () => {
    const receipt = await ask();
    for (let look = 0; look < COSIGN_LOOKS; look += 1) {
      const file = parseReceiptFile(await receipt());
      if (file.cosignature !== undefined) {
        return file;
      }
      await pause(25);
    }
    return undefined;
  });
}

/** Prices `times` those of the first provider. */
export function dearer(times: bigint): Prices {
  return {
    $$type: "Prices",
    prompt: PRICES.prompt * times,
    cached: PRICES.cached * times,
    completion: PRICES.completion * times,
    reasoning: PRICES.reasoning * times,
  };
}

export async function createWorld(
  options: {
    readonly backend?: () => Backend;
    readonly policy?: Partial<Policy>;
    /** From when on a provider settles; 1 settles every head at once. */
    readonly settleMinNano?: bigint;
    /** Workers run in machines of this root, which the chain attests by itself. */
    readonly tdx?: TdxDevelopmentPlatform;
    /** Models that the network and its attestors allow. */
    readonly models?: readonly Uint8Array[];
    /** How the first provider bids in auctions. */
    readonly bids?: BidPolicy;
    /** What runs in the first provider's machine, if not an unchanged worker. */
    readonly startWorker?: SupplyOptions["startWorker"];
    /** True: the model has a market, so that it can be auctioned. */
    readonly hasMarket?: boolean;
    /**
     * A block every so often though nothing is sent, as on every real chain: a wallet dates its message by the last
     * block, and one that is a minute old when a slow machine sends it is refused.
     */
    readonly blockMs?: number;
  } = {},
): Promise<World> {
  const net = await startLocalnet({ port: 0, blockMs: 0, finalityBlocks: 0, log: silentLog });
  const clock: Clock = { nowMs: () => net.chain.now() * 1_000 };
  const ticker =
    options.blockMs === undefined
      ? undefined
      : setInterval(() => void net.chain.mine().catch(() => undefined), options.blockMs);
  const models = options.models ?? [MODEL_HASH];
  const { tdx } = options;
  const machine = tdx === undefined ? undefined : describeTdxDevelopment(tdx, net.chain.now());
  const network = await deployNetwork(net, {
    models,
    imageHash: machine?.imageHash,
    quotes: planQuotes({ quotes: machine?.quotes }),
  });
  const attestor = await startAttestor({
    host: "127.0.0.1",
    port: 0,
    networkId: net.chain.globalId,
    registry: toRawAddress(network.attestation.address.toRawString()),
    attestors: ATTESTOR_SEEDS.slice(0, 2).map((seed, index) => ({ index, seed })),
    policy: {
      images: [{ hash: IMAGE_HASH, expiresAt: net.chain.now() + 20 * 86_400 }],
      models,
      developmentPlatforms: [primitives.ed25519PublicKey(PLATFORM_SEED)],
    },
    log: silentLog,
    clock,
  });
  const script: Script = { words: ["Hello", " from", " the", " enclave"], delayMs: 0, status: 200 };
  const folder = mkdtempSync(join(tmpdir(), "cocoon-gateway-"));
  const logLines: string[] = [];
  const providerLines: string[] = [];
  const log: Log = createLog({
    name: "gateway",
    level: "debug",
    destination: { write: (line) => logLines.push(line) },
  });
  const { settleMinNano = 1n } = options;
  const quoteSource = tdx === undefined ? undefined : createTdxDevelopmentSource(tdx);
  const common = { network, attestorUrl: attestor.url, clock, folder, settleMinNano, quoteSource };
  const supply = await startSupply({
    ...common,
    backend: options.backend ?? (() => chatBackend(script)),
    index: 0,
    operator: "operator",
    prices: PRICES,
    bids: options.bids,
    startWorker: options.startWorker,
    log: createLog({
      name: "provider",
      level: "debug",
      destination: { write: (line) => providerLines.push(line) },
    }),
  });
  if (options.hasMarket === true) {
    await openMarket(network);
  }
  const others: Supply[] = [];
  const start = (policy: Partial<Policy> = {}, changed: Partial<GatewayOptions> = {}) =>
    startGateway({
      port: 0,
      store: `file:${folder}/gateway`,
      endpoints: [net.endpoint],
      network: { globalId: net.chain.globalId, registry: network.registry.address.toRawString() },
      mnemonic: devWallet("developer").mnemonic,
      apiKeys: API_KEYS,
      sessionSecret: Buffer.alloc(32, 5),
      policy: { ...GATEWAY_POLICY, ...options.policy, ...policy },
      log,
      clock,
      ...changed,
    });
  const gateway = await start();
  const client = (key: string) =>
    new OpenAI({ apiKey: key, baseURL: `${world.gateway.url}/v1`, maxRetries: 0, timeout: 30_000 });
  const headers = (key: string | undefined): Record<string, string> =>
    key === undefined ? {} : { authorization: `Bearer ${key}` };
  const world: World = {
    net,
    network,
    clock,
    folder,
    script,
    logLines,
    providerLines,
    supply,
    attestorUrl: attestor.url,
    gateway,
    client,
    get openai() {
      return client(ADMIN_KEY);
    },
    startGateway: async (policy, changed) => {
      world.gateway = await start(policy, changed);
    },
    addSupply: async (said, prices = dearer(2n), bids = undefined) => {
      const index = others.length + 1;
      const operator = index === 1 ? "spare1" : "spare2";
      const backend = () => chatBackend(said);
      const other = await startSupply({ ...common, backend, index, operator, prices, bids });
      others.push(other);
      return other;
    },
    stopProvider: () => supply.stopProvider(),
    get: (path, key = ADMIN_KEY) => fetch(`${world.gateway.url}${path}`, { headers: headers(key) }),
    post: (path, body, key = ADMIN_KEY) =>
      fetch(`${world.gateway.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers(key) },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    close: async () => {
      await world.gateway.close();
      for (const one of [supply, ...others]) {
        await one.close();
      }
      await attestor.close();
      clearInterval(ticker);
      await network.close();
      await net.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** The market of the model: whoever declares demand first makes it. */
async function openMarket(network: DeployedNetwork): Promise<void> {
  const registry = network.registry.address;
  const market = network.open(await modelMarket({ registry, modelHash: toUint(MODEL_HASH) }));
  await market.send(
    await network.via("spare3"),
    { value: toNano("0.05") },
    { $$type: "DeclareDemand", queryId: 1n, tokensPerDay: 1_000n },
  );
}
