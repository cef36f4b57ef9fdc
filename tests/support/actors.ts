import { type Address, type Builder, beginCell, type Cell, type StateInit } from "@ton/core";
import type { Blockchain, BlockchainTransaction, SandboxContract, TreasuryContract } from "@ton/sandbox";
import { JobEscrow } from "../../wrappers/JobEscrow";
import {
  type OpenJob,
  storeExpireJob,
  storeFinalizeJob,
  storeOpenJob,
  storeReleaseClaims,
  storeSettle,
  storeSubmitStatement,
  storeSyncLane,
} from "../../wrappers/messages";
import { type HeadFields, settle } from "./heads";
import {
  createWorld,
  enlistProvider,
  openJob,
  statement,
  WORKER,
  type World,
  type WorldOptions,
} from "./world";

export type Wallet = SandboxContract<TreasuryContract>;
export type Job = SandboxContract<JobEscrow>;
/** Who acts in a table of cases. */
export type Role = "governor" | "guardian" | "treasury" | "owner" | "operator" | "developer" | "stranger";

/** Opcodes of every message by name; one contract's table has them all. */
export const OP = JobEscrow.opcodes;
/** 130: Tact found no receiver for the body. */
export const NO_RECEIVER = 130;
export const QUERY = 1n;

/** An account as a test compares it: what it holds, and the hash of its data (undefined when it has none). */
export interface Account {
  readonly balance: bigint;
  readonly data: string | undefined;
}

/** One message from a wallet to a contract, and all that followed. */
export interface Delivery {
  readonly from: Address;
  readonly to: Address;
  readonly value: bigint;
  readonly op: number | undefined;
  readonly transactions: BlockchainTransaction[];
  /** The transaction that the message itself caused. */
  readonly tx: BlockchainTransaction;
  readonly before: Account;
  readonly after: Account;
  /** Hash of the data that came along to deploy with: what a refusal leaves where there was no account. */
  readonly deployedWith: string | undefined;
}

export interface Parcel {
  readonly from: Wallet;
  readonly to: Address;
  readonly value: bigint;
  readonly body?: Cell;
  readonly init?: StateInit;
}

/** Snapshots a prepared world once and gives each test a fresh copy of it. */
export function useWorld(
  prepare: (world: World) => Promise<unknown> = enlistProvider,
  options: WorldOptions = {},
): () => World {
  let world: World | undefined;
  let snapshot: ReturnType<Blockchain["snapshot"]> | undefined;
  beforeAll(async () => {
    world = await createWorld(options);
    await prepare(world);
    snapshot = world.chain.snapshot();
  });
  beforeEach(async () => {
    if (snapshot !== undefined) {
      await world?.chain.loadFrom(snapshot);
    }
  });
  return () => {
    if (world === undefined) {
      throw new Error("The world exists only inside tests.");
    }
    return world;
  };
}

/** A message body. */
export function body(write: (builder: Builder) => unknown): Cell {
  const builder = beginCell();
  write(builder);
  return builder.endCell();
}

export async function account(chain: Blockchain, address: Address): Promise<Account> {
  const contract = await chain.getContract(address);
  const state = contract.accountState;
  return {
    balance: contract.balance,
    data: state?.type === "active" ? state.state.data?.hash().toString("hex") : undefined,
  };
}

/** Sends from a wallet, bounceable, and follows every message to its end. */
export async function deliver(world: Pick<World, "chain">, parcel: Parcel): Promise<Delivery> {
  const before = await account(world.chain, parcel.to);
  const { transactions } = await parcel.from.send({ ...parcel, bounce: true });
  const after = await account(world.chain, parcel.to);
  const slice = (parcel.body ?? body(() => undefined)).beginParse();
  return {
    from: parcel.from.address,
    to: parcel.to,
    value: parcel.value,
    op: slice.remainingBits >= 32 ? slice.preloadUint(32) : undefined,
    transactions,
    tx: arrival(transactions, parcel.from.address, parcel.to),
    before,
    after,
    deployedWith: parcel.init?.data?.hash().toString("hex"),
  };
}

/** The first transaction that a message between these two caused. */
export function arrival(
  transactions: readonly BlockchainTransaction[],
  from: Address,
  to: Address,
): BlockchainTransaction {
  const found = transactions.find(
    ({ inMessage }) =>
      inMessage?.info.type === "internal" &&
      inMessage.info.src.equals(from) &&
      inMessage.info.dest.equals(to),
  );
  if (found === undefined) {
    throw new Error(`No message went from ${from} to ${to}.`);
  }
  return found;
}

/** Opens a job of the world's developer at exactly the least value. */
export async function open(world: World, overrides: Partial<OpenJob> = {}, nonce = 1n): Promise<Job> {
  const job = await world.job(nonce);
  await deliverOpen(world, job, overrides);
  return job;
}

export async function deliverOpen(
  world: World,
  job: Job,
  overrides: Partial<OpenJob> = {},
): Promise<Delivery> {
  const message = openJob(world, overrides);
  return deliver(world, {
    from: world.developer,
    to: job.address,
    value: message.budget + (await world.network.getMinValueToOpenJob()),
    body: body(storeOpenJob(message)),
    ...(job.init === undefined ? {} : { init: job.init }),
  });
}

/** Prices below the offer: the provider refuses, and the job is Open. */
export const UNDERPAID = { $$type: "Prices", prompt: 1n, cached: 1n, completion: 1n, reasoning: 1n } as const;

/** Carries a head to its job at exactly the least value. */
export async function settleHead(
  world: World,
  job: Job,
  head: Omit<HeadFields, "job">,
  carrier: Wallet = world.operator,
): Promise<Delivery> {
  return deliver(world, {
    from: carrier,
    to: job.address,
    value: await job.getMinValueToSettle(),
    body: body(storeSettle(settle({ job: job.address, ...head }))),
  });
}

export async function releaseClaims(world: World, job: Job, worker = WORKER.id): Promise<Delivery> {
  return deliver(world, {
    from: world.stranger,
    to: job.address,
    value: await job.getMinValueToReleaseClaims(),
    body: body(storeReleaseClaims({ $$type: "ReleaseClaims", queryId: QUERY, worker })),
  });
}

export async function expire(world: World, job: Job, from: Wallet = world.stranger): Promise<Delivery> {
  return deliver(world, {
    from,
    to: job.address,
    value: await job.getMinValueToEndJob(),
    body: body(storeExpireJob({ $$type: "ExpireJob", queryId: QUERY })),
  });
}

export async function finalize(world: World, job: Job, from: Wallet = world.stranger): Promise<Delivery> {
  return deliver(world, {
    from,
    to: job.address,
    value: await job.getMinValueToEndJob(),
    body: body(storeFinalizeJob({ $$type: "FinalizeJob", queryId: QUERY })),
  });
}

/** A statement about a worker, carried at exactly the least value for its signatures. */
export async function attest(
  world: World,
  overrides: Parameters<typeof statement>[1] = {},
  carrier: Wallet = world.operator,
): Promise<Delivery> {
  const message = statement(world, overrides);
  return deliver(world, {
    from: carrier,
    to: world.attestation.address,
    value: await world.attestation.getMinValueToSubmitStatement(BigInt(message.signatures.size)),
    body: body(storeSubmitStatement(message)),
  });
}

export async function syncLane(
  world: World,
  job: Address,
  worker = WORKER.id,
  from: Wallet = world.operator,
): Promise<Delivery> {
  return deliver(world, {
    from,
    to: world.provider.address,
    value: await world.provider.getMinValueToSyncLane(),
    body: body(storeSyncLane({ $$type: "SyncLane", queryId: QUERY, job, worker })),
  });
}
