import type { Address, Contract, OpenedContract } from "@ton/core";
import { AttestationRegistry } from "./AttestationRegistry";
import { jobCodeForm } from "./codes";
import { contestedClaims } from "./contested";
import type { Deployment } from "./deployments";
import { JOB_STATES, JobEscrow, type JobStateName } from "./JobEscrow";
import { modelMarket } from "./ModelMarket";
import {
  loadAuctionService,
  loadBidder,
  loadJobTerms,
  loadProviderCatalog,
  loadProviderProfile,
} from "./messages";
import { NetworkRegistry } from "./NetworkRegistry";
import { ProviderStake } from "./ProviderStake";

/** Opens a wrapper's getters: Blueprint's provider and the relayer's chain reader both can. */
export interface Opener {
  open<T extends Contract>(contract: T): OpenedContract<T>;
}

/** A provider as people read it. Amounts in nanoton, prices in nanoton per 1,000,000 tokens, hashes in hex, unix seconds. */
export type ProviderView = Awaited<ReturnType<typeof viewProvider>>;

export async function viewProvider(chain: Opener, address: Address) {
  const contract = chain.open(ProviderStake.fromAddress(address));
  const [state, cell, workers] = await Promise.all([
    contract.getProviderState(),
    contract.getCatalog(),
    contract.getWorkers(),
  ]);
  const catalog = cell === null ? undefined : loadProviderCatalog(cell.beginParse());
  const profile = catalog === undefined ? undefined : loadProviderProfile(catalog.profile.beginParse());
  return {
    address: address.toString(),
    owner: state.owner.toString(),
    index: Number(state.index),
    registered: state.registered,
    paused: state.paused,
    stakeNano: state.stake,
    bondedNano: state.bonded,
    unbondingNano: state.unbonding,
    unbondingUntil: Number(state.unbondingUntil),
    openJobs: Number(state.openJobs),
    maxOpenJobs: catalog === undefined ? 0 : Number(catalog.maxOpenJobs),
    completedJobs: Number(state.completed),
    expiredJobs: Number(state.expired),
    earnedNano: state.earned,
    operator: catalog?.operator.toString(),
    endpoint: profile?.endpoint,
    hardware:
      profile === undefined
        ? undefined
        : `${profile.gpuCount} x ${profile.gpuModel}, ${profile.vramGb} GB, ${profile.region}`,
    offers: [...(catalog?.offers ?? [])].map(([model, { prices, contextLength, concurrency }]) => ({
      model: hex256(model),
      promptNano: prices.prompt,
      cachedNano: prices.cached,
      completionNano: prices.completion,
      reasoningNano: prices.reasoning,
      contextLength: Number(contextLength),
      concurrency: Number(concurrency),
    })),
    workers: [...workers].map(([key, { modelHash, imageHash, expiresAt, epoch }]) => ({
      key: hex256(key),
      model: hex256(modelHash),
      image: hex256(imageHash),
      expiresAt: Number(expiresAt),
      epoch: Number(epoch),
    })),
  };
}

const FULL_BPS = 10_000n;

export type JobView = Awaited<ReturnType<typeof viewJob>>;

/** A job whose account exists. */
export async function viewJob(chain: Opener, address: Address) {
  const job = chain.open(JobEscrow.fromAddress(address));
  const [state, cell, lanes] = await Promise.all([job.getJobState(), job.getTerms(), job.getLanes()]);
  const terms = cell === null ? undefined : loadJobTerms(cell.beginParse());
  const name: JobStateName | undefined = JOB_STATES[Number(state.state)];
  const dispute = name === "disputed" ? await job.getDispute() : null;
  const auction = name === "open" ? await viewAuction(job) : undefined;
  // At no time has anything matured yet: these are all that the lanes hold back.
  const claims = contestedClaims(lanes, 0);
  return {
    address: address.toString(),
    state: name ?? "new",
    developer: state.developer.toString(),
    nonce: state.nonce,
    budgetNano: state.budget,
    paidNano: state.paid,
    claimedNano: state.committed,
    bondNano: state.bond,
    /** Undefined while it is up for auction. */
    provider: auction === undefined ? terms?.provider.toString() : undefined,
    auction,
    deadline: terms === undefined ? undefined : Number(terms.deadline),
    closeAt: state.closeAt === 0n ? undefined : Number(state.closeAt),
    dispute:
      dispute === null
        ? undefined
        : { at: Number(dispute.at), endsAt: Number(dispute.endsAt), bondNano: dispute.bond },
    lanes: [...lanes].map(([worker, lane]) => ({
      worker: hex256(worker),
      settledNano: lane.settled,
      waiting: claims
        .filter((claim) => claim.worker === worker)
        .map(({ nano, maturesAt }) => ({ nano, maturesAt })),
    })),
  };
}

/** Undefined when the job is not up for auction. Prices in nanoton per 1,000,000 tokens. */
async function viewAuction(job: OpenedContract<JobEscrow>) {
  const auction = await job.getAuction();
  if (auction === null) {
    return undefined;
  }
  const terms = loadJobTerms(auction.terms.beginParse());
  const { modelHash, prices } = loadAuctionService(terms.service.beginParse());
  const hasBid = auction.bps <= FULL_BPS;
  return {
    model: hex256(modelHash),
    endsAt: Number(auction.endsAt),
    /** Until when it can be awarded. */
    acceptBy: Number(terms.acceptBy),
    ceiling: {
      promptNano: prices.prompt,
      cachedNano: prices.cached,
      completionNano: prices.completion,
      reasoningNano: prices.reasoning,
    },
    best: hasBid
      ? {
          provider: auction.provider.toString(),
          /** Hundredths of a percent of the ceiling. */
          bps: Number(auction.bps),
          bondNano: auction.bond,
          worker: hex256(loadBidder(auction.bidder.beginParse()).worker),
        }
      : undefined,
  };
}

export type NetworkView = Awaited<ReturnType<typeof viewNetwork>>;

export async function viewNetwork(chain: Opener, deployment: Deployment) {
  const network = chain.open(NetworkRegistry.fromAddress(deployment.networkRegistry));
  const attestation = chain.open(AttestationRegistry.fromAddress(deployment.attestationRegistry));
  const [state, params, policy, attestors, images, models] = await Promise.all([
    network.getNetworkState(),
    network.getNetworkParams(),
    attestation.getAttestationState(),
    attestation.getAttestors(),
    attestation.getImages(),
    attestation.getModels(),
  ]);
  return {
    globalId: deployment.globalId,
    networkRegistry: deployment.networkRegistry.toString(),
    attestationRegistry: deployment.attestationRegistry.toString(),
    paused: state.paused,
    governor: state.governor.toString(),
    timelockSeconds: Number(state.timelockSeconds),
    guardian: state.guardian.toString(),
    treasury: params.treasury.toString(),
    feeBps: Number(params.feeBps),
    bondBps: Number(params.bondBps),
    minStakeNano: params.minStake,
    unbondingSeconds: Number(params.unbondingSeconds),
    challengeSeconds: Number(params.challengeSeconds),
    closeSeconds: Number(params.closeSeconds),
    threshold: Number(policy.threshold),
    attestors: attestors.size,
    epoch: Number(policy.epoch),
    images: [...images].map(([hash, rule]) => ({
      hash: hex256(hash),
      expiresAt: Number(rule.expiresAt),
      tier: Number(rule.tier),
    })),
    models: models.keys().map(hex256),
    markets: await viewMarkets(chain, deployment, { models: models.keys(), jobCodeHash: state.jobCodeHash }),
  };
}

/** What was sold and is asked for, of every model that has a market. Prices blended, nanoton per 1,000,000 tokens. */
async function viewMarkets(
  chain: Opener,
  deployment: Deployment,
  network: { readonly models: readonly bigint[]; readonly jobCodeHash: bigint },
) {
  const jobCode = await jobCodeForm(network.jobCodeHash);
  const views = network.models.map(async (modelHash) => {
    const market = await modelMarket({ registry: deployment.networkRegistry, modelHash, jobCode });
    try {
      const fields = await chain.open(market).getMarket();
      return {
        model: hex256(modelHash),
        address: market.address.toString(),
        priceNano: fields.price,
        volumeNano: fields.volume,
        sales: Number(fields.sales),
        demandTokensPerDay: fields.demandToday + fields.demandBefore,
      };
    } catch {
      return undefined; // nobody has declared demand yet, so there is none
    }
  });
  return (await Promise.all(views)).filter((view) => view !== undefined);
}

function hex256(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}
