import { z } from "zod";
import { type JobAddress, type Prices, primitives, toHex, toJobAddress } from "../../protocol";
import { findSession, type Job, listJobs } from "../../store";
import type { ClientDeps } from "../deps";

/** auction: bids are taken, or it is over and being awarded. withdrawn: the money is being taken back. */
export const AUCTION_STATES = ["auction", "withdrawn"] as const;

/** A job of ours that has no provider yet. Once it has one it is a session. */
export interface OwnAuction {
  readonly address: JobAddress;
  /** The session key's seed [32]. */
  readonly seed: Uint8Array;
  readonly nonce: bigint;
  readonly developer: string;
  readonly model: string;
  readonly modelHash: string;
  readonly budgetNano: bigint;
  /** The most that may be bid. */
  readonly ceiling: Prices;
  readonly endsAtSeconds: number;
  readonly acceptBySeconds: number;
  readonly deadlineSeconds: number;
  state: (typeof AUCTION_STATES)[number] | "closed";
  /** As last read from the chain. */
  best: { readonly provider: string; readonly bps: number } | undefined;
  /** When this process saw that it has a provider. */
  soldSinceMs: number | undefined;
}

const nano = z.string().transform((text) => BigInt(text));
const extraSchema = z.object({
  model: z.string(),
  endsAtSeconds: z.number(),
  acceptBySeconds: z.number(),
  ceiling: z.object({ promptPrice: nano, cachedPrice: nano, completionPrice: nano, reasoningPrice: nano }),
});

/** The auction as the store's row of its job. */
export function jobOfAuction(auction: OwnAuction): Job {
  const { promptPrice, cachedPrice, completionPrice, reasoningPrice } = auction.ceiling;
  return {
    role: "gateway",
    address: auction.address,
    provider: undefined,
    developer: auction.developer,
    nonce: auction.nonce,
    modelHash: auction.modelHash,
    sessionKey: toHex(primitives.ed25519PublicKey(auction.seed)),
    terms: undefined,
    budgetNano: auction.budgetNano,
    settledNano: 0n,
    pendingNano: 0n,
    state: auction.state,
    deadlineSeconds: auction.deadlineSeconds,
    closeSeconds: undefined,
    extra: {
      model: auction.model,
      endsAtSeconds: auction.endsAtSeconds,
      acceptBySeconds: auction.acceptBySeconds,
      ceiling: {
        promptPrice: promptPrice.toString(),
        cachedPrice: cachedPrice.toString(),
        completionPrice: completionPrice.toString(),
        reasoningPrice: reasoningPrice.toString(),
      },
    },
  };
}

/** Every auction of ours that was neither sold nor taken back. */
export async function loadAuctions(deps: ClientDeps): Promise<readonly OwnAuction[]> {
  const jobs = await listJobs(deps.store, { role: "gateway", states: AUCTION_STATES });
  const loaded = await Promise.all(jobs.map((job) => loadAuction(deps, job)));
  return loaded.filter((auction) => auction !== undefined);
}

async function loadAuction(deps: ClientDeps, job: Job): Promise<OwnAuction | undefined> {
  const key = await findSession(deps.store, { job: job.address });
  const state = AUCTION_STATES.find((name) => name === job.state);
  if (key === undefined || state === undefined) {
    deps.log.error({ msg: "job without its key passed over", job: job.address });
    return undefined;
  }
  const { address, nonce, developer, modelHash, budgetNano, deadlineSeconds } = job;
  return {
    address: toJobAddress(address),
    seed: deps.secretBox.open(address, key.sealedSecret),
    nonce,
    developer,
    modelHash,
    budgetNano,
    deadlineSeconds,
    ...extraSchema.parse(job.extra),
    state,
    best: undefined,
    soldSinceMs: undefined,
  };
}
