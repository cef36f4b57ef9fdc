import { type Address, beginCell, type Cell, type Contract, Dictionary, toNano } from "@ton/core";
import { Blockchain, type SandboxContract, type TreasuryContract } from "@ton/sandbox";
import { MAINNET_2026_CONFIG, MAINNET_GLOBAL_ID } from "../../relayer/localnet/config";
import {
  type AttestationRegistry,
  type AttestationRegistryConfig,
  attestationRegistry,
  type QuotePolicyConfig,
  statementSignatures,
  workerStatement,
} from "../../wrappers/AttestationRegistry";
import { codeLibrary } from "../../wrappers/CodeLibrary";
import { contractCodes, type JobCodeForm } from "../../wrappers/codes";
import { type JobEscrow, jobEscrow } from "../../wrappers/JobEscrow";
import {
  type BidOnJob,
  type NetworkParams,
  type Offer,
  type OpenAuction,
  type OpenJob,
  type Prices,
  storeAuctionService,
  storeJobService,
  storeProviderCatalog,
  storeProviderProfile,
} from "../../wrappers/messages";
import { type NetworkRegistry, networkRegistry } from "../../wrappers/NetworkRegistry";
import { type ProviderStake, providerStake } from "../../wrappers/ProviderStake";
import { type TestKey, testKey } from "./keys";

export const START = 1_790_000_000;
export const DAY = 86_400;
export const MODEL = 0x1111n;
export const IMAGE = 0x2222n;
export const PRICES = {
  $$type: "Prices",
  prompt: 200_000n,
  cached: 20_000n,
  completion: 800_000n,
  reasoning: 800_000n,
} as const;
export const BUDGET = toNano("2");
export const LIBRARY_DEPOSIT = toNano("2");
export const STAKE = toNano("10");
export const ATTESTORS = [testKey("attestor 0"), testKey("attestor 1"), testKey("attestor 2")] as const;
export const WORKER = testKey("worker");
export const SESSION = testKey("session");

/** A network with one registered provider that has one attested worker and an offer for `MODEL`. */
export interface World {
  readonly chain: Blockchain;
  readonly governor: SandboxContract<TreasuryContract>;
  readonly guardian: SandboxContract<TreasuryContract>;
  readonly treasury: SandboxContract<TreasuryContract>;
  readonly owner: SandboxContract<TreasuryContract>;
  readonly operator: SandboxContract<TreasuryContract>;
  readonly developer: SandboxContract<TreasuryContract>;
  readonly stranger: SandboxContract<TreasuryContract>;
  readonly network: SandboxContract<NetworkRegistry>;
  readonly attestation: SandboxContract<AttestationRegistry>;
  readonly provider: SandboxContract<ProviderStake>;
  /** The job of that nonce; not opened. */
  job(nonce: bigint): Promise<SandboxContract<JobEscrow>>;
}

export function networkParams(roles: {
  treasury: Address;
  arbiter: Address;
  attestationRegistry: Address;
}): NetworkParams {
  return {
    $$type: "NetworkParams",
    feeBps: 200n,
    bondBps: 1_000n,
    minStake: toNano("1"),
    unbondingSeconds: BigInt(7 * DAY),
    challengeSeconds: BigInt(DAY),
    closeSeconds: BigInt(DAY),
    settleGraceSeconds: 3_600n,
    ...roles,
  };
}

export function catalog(operator: Address): Cell {
  const offers = Dictionary.empty<bigint, Offer>();
  offers.set(MODEL, { $$type: "Offer", prices: PRICES, contextLength: 4_096n, concurrency: 8n });
  return beginCell()
    .store(
      storeProviderCatalog({
        $$type: "ProviderCatalog",
        operator,
        maxOpenJobs: 4n,
        offers,
        profile: profile(),
      }),
    )
    .endCell();
}

export function profile(): Cell {
  return beginCell()
    .store(
      storeProviderProfile({
        $$type: "ProviderProfile",
        gpuCount: 8n,
        vramGb: 141n,
        availability: (1n << 168n) - 1n,
        gpuModel: "NVIDIA H200",
        region: "CH",
        endpoint: "https://provider.example",
      }),
    )
    .endCell();
}

export function service(modelHash = MODEL, prices: Prices = PRICES): Cell {
  return beginCell()
    .store(storeJobService({ $$type: "JobService", modelHash, prices }))
    .endCell();
}

/** The opening message that the world's provider accepts by itself. */
export function openJob(world: World, overrides: Partial<OpenJob> = {}): OpenJob {
  return {
    $$type: "OpenJob",
    queryId: 1n,
    kind: 0n,
    budget: BUDGET,
    acceptBy: BigInt(START + DAY),
    deadline: BigInt(START + 7 * DAY),
    owner: world.owner.address,
    index: 0n,
    worker: WORKER.id,
    sessionPublicKey: SESSION.id,
    service: service(),
    ...overrides,
  };
}

/** How long an auction of the world's takes bids. */
export const AUCTION_SECONDS = 600;

/** Puts a job of the world's developer up for auction; its ceiling is the provider's offer. */
export function openAuction(
  world: Pick<World, "chain">,
  {
    market,
    prices = PRICES,
    modelHash = MODEL,
    ...overrides
  }: Partial<OpenAuction> & { market: Address; prices?: Prices; modelHash?: bigint },
): OpenAuction {
  const now = BigInt(world.chain.now ?? START);
  return {
    $$type: "OpenAuction",
    queryId: 1n,
    budget: BUDGET,
    endsAt: now + BigInt(AUCTION_SECONDS),
    acceptBy: now + BigInt(DAY),
    deadline: now + BigInt(7 * DAY),
    sessionPublicKey: SESSION.id,
    service: beginCell()
      .store(storeAuctionService({ $$type: "AuctionService", modelHash, prices, market }))
      .endCell(),
    ...overrides,
  };
}

/** The world's provider bids for the world's first job, opened now. */
export function bidOnJob(world: World, overrides: Partial<BidOnJob> = {}): BidOnJob {
  return {
    $$type: "BidOnJob",
    queryId: 1n,
    developer: world.developer.address,
    nonce: 1n,
    budget: BUDGET,
    openedAt: BigInt(START),
    bps: 9_000n,
    worker: WORKER.id,
    ...overrides,
  };
}

/** A statement about a worker of the world's provider, signed by the first `signers` attestors. */
export function statement(
  world: Readonly<Record<"attestation" | "provider", Pick<Contract, "address">>>,
  overrides: {
    key?: bigint;
    expiresAt?: number;
    modelHash?: bigint;
    imageHash?: bigint;
    epoch?: bigint;
    notBefore?: number;
    networkId?: number;
    provider?: Address;
    signers?: number;
    attestors?: readonly TestKey[];
  } = {},
) {
  const cell = workerStatement({
    networkId: overrides.networkId ?? MAINNET_GLOBAL_ID,
    registry: world.attestation.address,
    provider: overrides.provider ?? world.provider.address,
    receiptPublicKey: overrides.key ?? WORKER.id,
    notBefore: overrides.notBefore ?? START,
    worker: {
      $$type: "Worker",
      hpkeKeyHash: 0x3333n,
      imageHash: overrides.imageHash ?? IMAGE,
      modelHash: overrides.modelHash ?? MODEL,
      expiresAt: BigInt(overrides.expiresAt ?? START + DAY),
      epoch: overrides.epoch ?? 1n,
    },
  });
  const signatures = statementSignatures(
    new Map(
      (overrides.attestors ?? ATTESTORS)
        .slice(0, overrides.signers ?? 2)
        .map((key, index) => [index, key.sign(cell.hash())]),
    ),
  );
  return { $$type: "SubmitStatement", queryId: 1n, statement: cell, signatures } as const;
}

export interface WorldOptions {
  readonly attestors?: readonly TestKey[];
  readonly threshold?: number;
  /** The chain's configuration; mainnet's of June 2026 unless given. */
  readonly config?: Cell;
  /** How jobs carry their code; "library" unless given. */
  readonly jobCode?: JobCodeForm;
  readonly publishJobCode?: boolean;
  /** Where the network's parameters differ. */
  readonly params?: Partial<NetworkParams>;
  /** What quotes must show; without it none is accepted. */
  readonly quotes?: QuotePolicyConfig;
  /** Allowed images; `IMAGE` unless given. */
  readonly images?: AttestationRegistryConfig["images"];
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const chain = await Blockchain.create({
    config: options.config ?? MAINNET_2026_CONFIG,
    autoDeployLibs: true,
  });
  chain.now = START;
  const [governor, guardian, treasury, owner, operator, developer, stranger] = await Promise.all([
    chain.treasury("governor"),
    chain.treasury("guardian"),
    chain.treasury("treasury"),
    chain.treasury("owner"),
    chain.treasury("operator"),
    chain.treasury("developer"),
    chain.treasury("stranger"),
  ]);
  const attestation = chain.openContract(
    await attestationRegistry({
      governor: governor.address,
      guardian: guardian.address,
      timelockSeconds: DAY,
      attestors: (options.attestors ?? ATTESTORS).map((key) => key.publicKey),
      threshold: options.threshold ?? 2,
      images: options.images ?? [{ hash: IMAGE, expiresAt: START + 30 * DAY, tier: 0 }],
      models: [MODEL],
      ...(options.quotes === undefined ? {} : { quotes: options.quotes }),
    }),
  );
  const network = chain.openContract(
    await networkRegistry({
      governor: governor.address,
      guardian: guardian.address,
      timelockSeconds: DAY,
      params: {
        ...networkParams({
          treasury: treasury.address,
          arbiter: guardian.address,
          attestationRegistry: attestation.address,
        }),
        ...options.params,
      },
      jobCode: options.jobCode,
    }),
  );
  const codes = await contractCodes(options.jobCode);
  const provider = chain.openContract(
    await providerStake({ registry: network.address, owner: owner.address, index: 0, jobCode: codes.job }),
  );
  const world: World = {
    chain,
    governor,
    guardian,
    treasury,
    owner,
    operator,
    developer,
    stranger,
    network,
    attestation,
    provider,
    job: async (nonce) =>
      chain.openContract(
        await jobEscrow({
          registry: network.address,
          developer: developer.address,
          nonce,
          providerCode: codes.provider,
          form: options.jobCode,
        }),
      ),
  };
  if (options.jobCode !== "whole" && options.publishJobCode !== false) {
    const library = chain.openContract(await codeLibrary((await contractCodes("whole")).job));
    await library.send(governor.getSender(), { value: LIBRARY_DEPOSIT }, null);
  }
  await network.send(governor.getSender(), { value: toNano("0.1") }, null);
  await attestation.send(governor.getSender(), { value: toNano("0.1") }, null);
  return world;
}

/** Registers the world's provider and attests its worker. */
export async function enlistProvider(world: World): Promise<void> {
  const value = STAKE + (await world.network.getMinValueToRegister());
  await world.provider.send(
    world.owner.getSender(),
    { value },
    { $$type: "RegisterProvider", queryId: 1n, stake: STAKE, catalog: catalog(world.operator.address) },
  );
  await world.attestation.send(
    world.operator.getSender(),
    { value: await world.attestation.getMinValueToSubmitStatement(2n) },
    statement(world),
  );
}
