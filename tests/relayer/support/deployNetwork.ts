import {
  type Address,
  beginCell,
  type Cell,
  type Contract,
  Dictionary,
  type OpenedContract,
  type Sender,
  toNano,
} from "@ton/core";
import {
  type ChainReader,
  createKeyCache,
  createToncenterClient,
  openContract,
  type Wallet,
  walletFromMnemonic,
} from "../../../relayer/chain";
import { type DevRole, devWallet } from "../../../relayer/localnet/devWallets";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { primitives } from "../../../relayer/protocol";
import {
  type AttestationRegistry,
  type AttestationRegistryConfig,
  attestationRegistry,
} from "../../../wrappers/AttestationRegistry";
import { codeLibrary } from "../../../wrappers/CodeLibrary";
import { contractCodes } from "../../../wrappers/codes";
import { type JobEscrow, jobEscrow } from "../../../wrappers/JobEscrow";
import { type Offer, type Prices, storeJobService, storeProviderCatalog } from "../../../wrappers/messages";
import { type NetworkRegistry, networkRegistry } from "../../../wrappers/NetworkRegistry";
import { type ProviderStake, providerStake } from "../../../wrappers/ProviderStake";
import { networkParams, profile } from "../../support/world";
import { walletSender } from "./walletSender";

const DAY = 86_400;
const keys = createKeyCache();

/** 32 bytes that follow from a name. */
export const named = (name: string): Uint8Array => primitives.sha256(Buffer.from(name));
export const toUint = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

export const MODEL_HASH = named("model");
/** Listed by the network like the first; no provider offers it unless a test makes one. */
export const OTHER_MODEL_HASH = named("other model");
export const IMAGE_HASH = named("image");
export const PLATFORM_SEED = named("development platform");
export const ATTESTOR_SEEDS = [named("attestor 0"), named("attestor 1"), named("attestor 2")] as const;
export const PRICES: Prices = {
  $$type: "Prices",
  prompt: 200_000_000n,
  cached: 20_000_000n,
  completion: 800_000_000n,
  reasoning: 800_000_000n,
};
export const STAKE = toNano("50");

export interface DeployedNetwork {
  readonly net: Localnet;
  readonly reader: ChainReader;
  readonly registry: OpenedContract<NetworkRegistry>;
  readonly attestation: OpenedContract<AttestationRegistry>;
  readonly provider: OpenedContract<ProviderStake>;
  /** Signs as a development wallet, sends, and mines until the last effect is final. */
  via(role: DevRole): Promise<Sender>;
  wallet(role: DevRole): Promise<Wallet>;
  job(nonce: bigint): Promise<OpenedContract<JobEscrow>>;
  open<T extends Contract>(contract: T): OpenedContract<T>;
  /** Opens a job as the developer; with a worker 0 none gets a lane by the opening. */
  openJob(job: JobOrder): Promise<OpenedContract<JobEscrow>>;
  close(): Promise<void>;
}

export interface JobOrder {
  readonly nonce: bigint;
  readonly budgetNano: bigint;
  readonly worker: bigint;
  readonly sessionPublicKey: Uint8Array;
  readonly prices?: Prices;
  readonly deadline?: number;
}

/** Both registries and one provider with stake and an offer, all by development wallets, on a localnet that mines at once. */
export async function deployNetwork(
  net: Localnet,
  pinned: Pick<AttestationRegistryConfig, "quotes"> & {
    readonly imageHash?: Uint8Array;
    readonly models?: readonly Uint8Array[];
  } = {},
): Promise<DeployedNetwork> {
  const reader = createToncenterClient({ endpoint: net.endpoint, timeoutMs: 10_000 });
  const wallet = (role: DevRole) =>
    walletFromMnemonic({ words: devWallet(role).mnemonic.split(" "), deriveKey: keys });
  const via = async (role: DevRole) => walletSender(net, reader, await wallet(role));
  const open = <T extends Contract>(contract: T) => openContract(reader, contract);
  const address = (role: DevRole): Address => devWallet(role).v5;

  const attestation = open(
    await attestationRegistry({
      governor: address("deployer"),
      guardian: address("guardian"),
      timelockSeconds: DAY,
      attestors: ATTESTOR_SEEDS.map((seed) => primitives.ed25519PublicKey(seed)),
      threshold: 2,
      images: [IMAGE_HASH, ...(pinned.imageHash === undefined ? [] : [pinned.imageHash])].map((hash) => ({
        hash: toUint(hash),
        expiresAt: net.chain.now() + 30 * DAY,
        tier: 0,
      })),
      models: (pinned.models ?? [MODEL_HASH]).map(toUint),
      quotes: pinned.quotes,
    }),
  );
  const registry = open(
    await networkRegistry({
      governor: address("deployer"),
      guardian: address("guardian"),
      timelockSeconds: DAY,
      params: networkParams({
        treasury: address("treasury"),
        arbiter: address("guardian"),
        attestationRegistry: attestation.address,
      }),
    }),
  );
  const codes = await contractCodes();
  const provider = open(
    await providerStake({
      registry: registry.address,
      owner: address("provider"),
      index: 0,
      jobCode: codes.job,
    }),
  );
  const deployer = await via("deployer");
  const library = open(await codeLibrary((await contractCodes("whole")).job));
  await library.send(deployer, { value: toNano("2") }, null);
  await attestation.send(deployer, { value: toNano("0.1") }, null);
  await registry.send(deployer, { value: toNano("0.1") }, null);
  await provider.send(
    await via("provider"),
    { value: STAKE + (await registry.getMinValueToRegister()) + toNano("0.01") },
    { $$type: "RegisterProvider", queryId: 1n, stake: STAKE, catalog: catalogCell(address("operator")) },
  );
  const job = async (nonce: bigint) =>
    open(
      await jobEscrow({
        registry: registry.address,
        developer: address("developer"),
        nonce,
        providerCode: codes.provider,
      }),
    );
  return {
    net,
    reader,
    registry,
    attestation,
    provider,
    via,
    wallet,
    job,
    open,
    async openJob(order) {
      const opened = await job(order.nonce);
      const value = order.budgetNano + (await registry.getMinValueToOpenJob()) + toNano("0.01");
      await opened.send(
        await via("developer"),
        { value },
        {
          $$type: "OpenJob",
          queryId: 1n,
          kind: 0n,
          budget: order.budgetNano,
          acceptBy: BigInt(Math.min(net.chain.now() + DAY, order.deadline ?? Number.POSITIVE_INFINITY)),
          deadline: BigInt(order.deadline ?? net.chain.now() + 7 * DAY),
          owner: address("provider"),
          index: 0n,
          worker: order.worker,
          sessionPublicKey: toUint(order.sessionPublicKey),
          service: beginCell()
            .store(
              storeJobService({
                $$type: "JobService",
                modelHash: toUint(MODEL_HASH),
                prices: order.prices ?? PRICES,
              }),
            )
            .endCell(),
        },
      );
      return opened;
    },
    close: () => reader.close(),
  };
}

function catalogCell(operator: Address): Cell {
  const offers = Dictionary.empty<bigint, Offer>();
  offers.set(toUint(MODEL_HASH), { $$type: "Offer", prices: PRICES, contextLength: 4_096n, concurrency: 8n });
  const catalog = {
    $$type: "ProviderCatalog",
    operator,
    maxOpenJobs: 16n,
    offers,
    profile: profile(),
  } as const;
  return beginCell().store(storeProviderCatalog(catalog)).endCell();
}
