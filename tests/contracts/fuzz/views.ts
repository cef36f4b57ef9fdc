import { type Address, type Cell, Dictionary, type Slice } from "@ton/core";
import {
  type AcceptedJob,
  type AuctionedJob,
  type Demand,
  type Dispute,
  type JobRecord,
  type JobRules,
  type JobTerms,
  type Lane,
  loadAcceptedJob,
  loadAuctionedJob,
  loadDemand,
  loadDispute,
  loadJobRecord,
  loadJobRules,
  loadJobTerms,
  loadOpenedJob,
  loadProviderRecord,
  type ProviderRecord,
} from "../../../wrappers/messages";
import type { AccountView } from "./account";
import { once } from "./once";

/** A JobEscrow's data, read as the contract stores it: its getters take ten times as long as a transaction. */
export interface JobView {
  readonly state: number;
  readonly budget: bigint;
  readonly committed: bigint;
  readonly paid: bigint;
  readonly feesOwed: bigint;
  readonly closeAt: number;
  readonly lanes: ReadonlyMap<bigint, Lane>;
  readonly identity: JobRecord;
  /** Undefined as long as it was not opened. */
  readonly terms: JobTerms | undefined;
  /** From the acceptance on. */
  readonly accepted: AcceptedJob | undefined;
  readonly rules: JobRules | undefined;
  /** While it is up for auction. */
  readonly auction: AuctionedJob | undefined;
  /** While its developer disputes what is claimed. */
  readonly dispute: Dispute | undefined;
  /** The receipt that its developer demands. */
  readonly demand: Demand | undefined;
}

export interface ProviderView {
  readonly registered: boolean;
  readonly stake: bigint;
  readonly bonded: bigint;
  readonly unbonding: bigint;
  readonly unbondingUntil: number;
  readonly openJobs: number;
  readonly paused: boolean;
  readonly workers: ReadonlyMap<bigint, { readonly expiresAt: number; readonly epoch: number }>;
  readonly record: ProviderRecord;
}

export const NEW = 0;
export const OPEN = 1;
export const ACCEPTING = 2;
export const ACTIVE = 3;
export const CLOSING = 4;
export const DISPUTED = 5;
export const TASK = 16;

/** Whether heads and proofs about it are taken. */
export const hasSession = ({ state }: Pick<JobView, "state">): boolean => state >= ACTIVE && state !== TASK;

/** By when its claims mature: a dispute stops it until the arbiter's time is over. */
export const maturingTime = ({ dispute }: Pick<JobView, "dispute">, now: number): number =>
  dispute !== undefined && now < Number(dispute.endsAt) ? Number(dispute.at) : now;

const LANE_BITS = 64 + 32 + 192;
/** hpkeKeyHash, imageHash, modelHash. */
const WORKER_HASH_BITS = 3 * 256;

export const readJob = ({ data }: AccountView): JobView | undefined =>
  data === undefined ? undefined : jobIn(data);

const jobIn = once((data: Cell): JobView => {
  const fields = data.beginParse();
  const head = {
    state: fields.loadUint(8),
    budget: fields.loadCoins(),
    committed: fields.loadCoins(),
    paid: fields.loadCoins(),
    feesOwed: fields.loadCoins(),
    closeAt: fields.loadUint(32),
  };
  const lanes = readLanes(fields);
  return { ...head, lanes, ...readRecord(head.state, fields.loadRef()) };
});

function readRecord(state: number, cell: Cell) {
  const record = cell.beginParse();
  const nothing = {
    terms: undefined,
    accepted: undefined,
    rules: undefined,
    auction: undefined,
    dispute: undefined,
    demand: undefined,
  };
  if (state === NEW) {
    return { ...nothing, identity: identityIn(cell) };
  }
  if (state === OPEN && record.remainingBits > 0) {
    const auction = loadAuctionedJob(record);
    return { ...nothing, auction, ...identified(auction) };
  }
  if (state < ACTIVE) {
    return { ...nothing, ...identified(loadOpenedJob(record)) };
  }
  const accepted = loadAcceptedJob(record);
  return {
    ...nothing,
    accepted,
    rules: rulesIn(accepted.rules),
    dispute: state === DISPUTED ? disputeIn(accepted.rules) : undefined,
    demand: record.remainingRefs > 0 ? loadDemand(record.loadRef().beginParse()) : undefined,
    ...identified(accepted),
  };
}

function identified({ identity, terms }: Pick<AuctionedJob, "identity" | "terms">) {
  return { identity: identityIn(identity), terms: termsIn(terms) };
}

const identityIn = once((cell) => loadJobRecord(cell.beginParse()));
const termsIn = once((cell) => loadJobTerms(cell.beginParse()));
const rulesIn = once((cell) => loadJobRules(cell.beginParse()));
const disputeIn = once((rules) => loadDispute(rules.beginParse().loadRef().beginParse()));

function readLanes(fields: Slice): ReadonlyMap<bigint, Lane> {
  return fields.loadBit() ? lanesIn(fields.loadRef()) : new Map();
}

const lanesIn = once((dict) => {
  const lanes = new Map<bigint, Lane>();
  const leaves = Dictionary.loadDirect(
    Dictionary.Keys.BigUint(256),
    Dictionary.Values.BitString(LANE_BITS),
    dict,
  );
  for (const [worker, bits] of leaves) {
    const number = (from: number, length: number) => BigInt(`0b${bitsOf(bits, from, length)}`);
    lanes.set(worker, {
      $$type: "Lane",
      settled: number(0, 64),
      expiresAt: number(64, 32),
      maturing: number(96, 64),
      maturingAt: number(160, 32),
      latest: number(192, 64),
      latestAt: number(256, 32),
    });
  }
  return lanes;
});

function bitsOf(bits: { at(index: number): boolean }, from: number, length: number): string {
  return Array.from({ length }, (_, index) => (bits.at(from + index) ? "1" : "0")).join("");
}

export const readProvider = ({ data }: AccountView): ProviderView | undefined =>
  data === undefined ? undefined : providerIn(data);

const providerIn = once((data: Cell): ProviderView => {
  const fields = data.beginParse();
  const head = {
    registered: fields.loadBit(),
    stake: fields.loadCoins(),
    bonded: fields.loadCoins(),
    unbonding: fields.loadCoins(),
    unbondingUntil: fields.loadUint(32),
    openJobs: fields.loadUint(16),
  };
  fields.skip(128); // counters
  fields.loadCoins(); // earned
  fields.skip(256); // historyRoot
  const paused = fields.loadBit();
  const workers = fields.loadDict(Dictionary.Keys.BigUint(256), {
    serialize: () => undefined,
    parse: (leaf) => {
      const worker = leaf.loadRef().beginParse().skip(WORKER_HASH_BITS);
      return { expiresAt: worker.loadUint(32), epoch: worker.loadUint(32) };
    },
  });
  const record = recordIn(fields.loadRef());
  return { ...head, paused, workers: new Map(workers), record };
});

const recordIn = once((cell) => loadProviderRecord(cell.beginParse()));

export const sameAddress = (left: Address | undefined, right: Address | undefined): boolean =>
  left !== undefined && right !== undefined && left.equals(right);
