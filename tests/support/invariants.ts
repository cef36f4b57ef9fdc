import type { Address, Dictionary, Message, Slice, Transaction } from "@ton/core";
import type { Blockchain } from "@ton/sandbox";
import { JobEscrow, type JobState } from "../../wrappers/JobEscrow";
import {
  type AuctionedJob,
  type JobTerms,
  type Lane,
  loadBidLost,
  loadBondReserved,
  loadConfirmBid,
  loadJobClosed,
  loadJobTerms,
} from "../../wrappers/messages";
import { ProviderStake, type ProviderState } from "../../wrappers/ProviderStake";
import { OP } from "./actors";

const NEW = 0n;
/** Outcomes that cost the bond. */
const SLASHED = 3n;
const LATE = 4n;
const BOUNCED = 0xffffffff;

/** What a job's getters say about it. */
export interface JobView extends JobState {
  readonly lanes: Dictionary<bigint, Lane>;
  /** The best bid of a job that is up for auction. */
  readonly auction: AuctionedJob | null;
  /** Undefined as long as it was not opened. */
  readonly terms: JobTerms | undefined;
}

/** Which of the watched accounts are which. Every other account is a wallet: it keeps what it receives. */
export interface Watched {
  readonly jobs: readonly Address[];
  readonly providers: readonly Address[];
  readonly registries: readonly Address[];
}

/**
 * The contracts with every message between them under the test's control: it decides what arrives next, and after each
 * transaction the books are checked. Messages between the same two accounts keep their order, as on the chain.
 */
export interface Books {
  /** A message from a wallet; its value comes into existence here. */
  post(message: Message): void;
  /** Delivers the first message of the pair that `choice` picks; false when nothing is on its way. */
  step(choice: number): Promise<boolean>;
  drain(): Promise<void>;
  /** Undefined when there is no such account. */
  job(address: Address): JobView | undefined;
  provider(address: Address): ProviderState | undefined;
  /** How often each message was carried out without an error, by opcode. */
  readonly carriedOut: ReadonlyMap<number, number>;
}

export async function openBooks(chain: Blockchain, watched: Watched): Promise<Books> {
  const contracts = [...watched.jobs, ...watched.providers, ...watched.registries];
  const isContract = new Set(contracts.map(String));
  const queues = new Map<string, Message[]>();
  const balances = new Map<string, bigint>();
  const carriedOut = new Map<number, number>();
  const lanesSeen = new Map<string, bigint>();
  // Parsed once per transaction of that account: parsing is the slowest part.
  const jobs = new Map<string, JobView | undefined>();
  const providers = new Map<string, ProviderState | undefined>();
  const totals = { minted: 0n, wallets: 0n, inFlight: 0n, fees: 0n };
  for (const address of contracts) {
    const { balance } = await chain.getContract(address);
    balances.set(String(address), balance);
    totals.minted += balance;
    await refresh(address);
  }

  async function refresh(address: Address) {
    if (watched.jobs.some((job) => job.equals(address))) {
      jobs.set(String(address), await jobView(chain, address));
    } else if (watched.providers.some((provider) => provider.equals(address))) {
      providers.set(String(address), await providerView(chain, address));
    }
  }

  function enqueue(message: Message) {
    if (message.info.type !== "internal") {
      return;
    }
    const pair = `${message.info.src}>${message.info.dest}`;
    queues.set(pair, [...(queues.get(pair) ?? []), message]);
    totals.inFlight += message.info.value.coins;
  }

  async function arrive(message: Message) {
    if (message.info.type !== "internal") {
      return;
    }
    const { dest, value } = message.info;
    totals.inFlight -= value.coins;
    if (!isContract.has(String(dest))) {
      totals.wallets += value.coins;
      return;
    }
    const contract = await chain.getContract(dest);
    const heldBefore = stakeOf(dest);
    const tx = await contract.receiveMessage(message);
    balances.set(String(dest), contract.balance);
    await refresh(dest);
    totals.fees += tx.totalFees.coins;
    for (const out of tx.outMessages.values()) {
      if (out.info.type === "internal") {
        totals.fees += out.info.forwardFee;
        enqueue(out);
      }
    }
    check(tx, dest, heldBefore);
  }

  function check(tx: Transaction, dest: Address, heldBefore: bigint) {
    const held = [...balances.values()].reduce((sum, balance) => sum + balance, 0n);
    expect(held + totals.wallets + totals.inFlight + totals.fees).toBe(totals.minted);
    const { description } = tx;
    if (description.type === "generic" && !description.aborted) {
      carriedOut.set(opOf(tx), (carriedOut.get(opOf(tx)) ?? 0) + 1);
    }
    checkStake(tx, dest, heldBefore);
    for (const address of watched.jobs) {
      checkJob(address);
    }
    for (const address of watched.providers) {
      checkBonds(address);
    }
  }

  /** Stake leaves only when its owner withdraws what has finished unbonding, or as the bond of a proved lie or a late task. */
  function checkStake(tx: Transaction, dest: Address, heldBefore: bigint) {
    const op = opOf(tx);
    const bond = op === OP.JobClosed ? lostBond(tx) : 0n;
    if (bond > 0n) {
      expect(stakeOf(dest)).toBe(heldBefore - bond);
      expect(paidOut(tx)).toBe(bond);
    } else if (op !== OP.WithdrawUnbonded) {
      expect(stakeOf(dest)).toBeGreaterThanOrEqual(heldBefore);
    }
  }

  function checkJob(address: Address) {
    const job = jobs.get(String(address));
    if (job?.terms === undefined || job.state === NEW) {
      return;
    }
    expect(balances.get(String(address))).toBeGreaterThanOrEqual(job.budget - job.paid + job.feesOwed);
    expect(job.committed).toBeLessThanOrEqual(job.budget);
    let settled = 0n;
    let committed = 0n;
    for (const [worker, lane] of job.lanes) {
      settled += lane.settled;
      committed += highest(lane.settled, lane.maturing, lane.latest);
      const key = `${address}/${job.terms.openedAt}/${worker}`;
      expect(lane.settled).toBeGreaterThanOrEqual(lanesSeen.get(key) ?? 0n);
      lanesSeen.set(key, lane.settled);
    }
    expect(settled).toBe(job.paid);
    expect(committed).toBe(job.committed);
    expect(job.lanes.size).toBeLessThanOrEqual(16);
  }

  function checkBonds(address: Address) {
    const provider = providers.get(String(address));
    if (provider === undefined) {
      return;
    }
    expect(balances.get(String(address))).toBeGreaterThanOrEqual(provider.stake + provider.unbonding);
    expect(provider.stake).toBeGreaterThanOrEqual(provider.bonded);
    let bonds = 0n;
    for (const jobAddress of watched.jobs) {
      const job = jobs.get(String(jobAddress));
      if (job !== undefined && job.bond > 0n && job.terms?.provider.equals(address) === true) {
        bonds += job.bond;
      }
      if (job?.auction?.provider.equals(address) === true) {
        bonds += job.auction.bond;
      }
      bonds += bondsOnTheirWay(jobAddress, address);
    }
    expect(provider.bonded).toBe(bonds);
  }

  function bondsOnTheirWay(job: Address, provider: Address): bigint {
    const reserved = (queues.get(`${provider}>${job}`) ?? []).map(({ body }) => body.beginParse());
    const closed = (queues.get(`${job}>${provider}`) ?? []).map(({ body }) => body.beginParse());
    const bids = [
      ...reserved.filter((slice) => slice.preloadUint(32) === OP.BidPlaced),
      // Bids that were refused, on their way back: of such a message only the first bits return.
      ...closed.filter((slice) => slice.preloadUint(32) === BOUNCED).map((slice) => slice.clone().skip(32)),
    ];
    return [
      ...reserved
        .filter((slice) => slice.preloadUint(32) === OP.BondReserved)
        .map((slice) => loadBondReserved(slice.clone()).bond),
      ...closed
        .filter((slice) => slice.preloadUint(32) === OP.JobClosed)
        .map((slice) => loadJobClosed(slice.clone()).bond),
      ...closed
        .filter((slice) => slice.preloadUint(32) === OP.BidLost)
        .map((slice) => loadBidLost(slice.clone()).bond),
      ...closed
        .filter((slice) => slice.preloadUint(32) === OP.ConfirmBid)
        .map((slice) => loadConfirmBid(slice.clone()).bond),
      ...bids.filter((slice) => slice.preloadUint(32) === OP.BidPlaced).map(bondOfBid),
    ].reduce((sum, bond) => sum + bond, 0n);
  }

  function stakeOf(address: Address): bigint {
    const provider = providers.get(String(address));
    return provider === undefined ? 0n : provider.stake + provider.unbonding;
  }

  async function step(choice: number): Promise<boolean> {
    const pairs = [...queues.keys()];
    const pair = pairs[choice % Math.max(pairs.length, 1)];
    if (pair === undefined) {
      return false;
    }
    const [message, ...rest] = queues.get(pair) ?? [];
    if (rest.length === 0) {
      queues.delete(pair);
    } else {
      queues.set(pair, rest);
    }
    if (message !== undefined) {
      await arrive(message);
    }
    return true;
  }

  return {
    post: (message) => {
      if (message.info.type === "internal") {
        totals.minted += message.info.value.coins;
      }
      enqueue(message);
    },
    step,
    drain: async () => {
      while (await step(0)) {
        // until nothing is on its way
      }
    },
    job: (address) => jobs.get(String(address)),
    provider: (address) => providers.get(String(address)),
    carriedOut,
  };
}

/** The bond that a job's end takes from the stake; 0 where it frees it, or was refused. */
function lostBond(tx: Transaction): bigint {
  const { description, inMessage } = tx;
  if (
    inMessage === undefined ||
    inMessage === null ||
    description.type !== "generic" ||
    description.aborted
  ) {
    return 0n;
  }
  const { outcome, bond } = loadJobClosed(inMessage.body.beginParse());
  return outcome === SLASHED || outcome === LATE ? bond : 0n;
}

/** What its messages carry, all together. */
function paidOut(tx: Transaction): bigint {
  return tx.outMessages
    .values()
    .reduce((sum, { info }) => sum + (info.type === "internal" ? info.value.coins : 0n), 0n);
}

/** Budget times bondBps, rounded up. */
function bondOfBid(bid: Slice): bigint {
  const fields = bid.clone().skip(32 + 64); // opcode, queryId
  return (fields.loadUintBig(64) * fields.loadUintBig(16) + 9_999n) / 10_000n;
}

/** Math.max knows no bigint. */
function highest(...amounts: bigint[]): bigint {
  return amounts.toSorted((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
}

function opOf(tx: Transaction): number {
  const slice = tx.inMessage?.body.beginParse();
  return slice !== undefined && slice.remainingBits >= 32 ? slice.preloadUint(32) : 0;
}

/** Views by address and hash of the account's data: getters are the slowest part, and most messages change nothing. */
const jobViews = new Map<string, Promise<JobView>>();
const providerViews = new Map<string, Promise<ProviderState>>();

async function jobView(chain: Blockchain, address: Address): Promise<JobView | undefined> {
  const data = await dataHash(chain, address);
  return data === undefined ? undefined : once(jobViews, `${address}${data}`, () => readJob(chain, address));
}

async function readJob(chain: Blockchain, address: Address): Promise<JobView> {
  const job = chain.openContract(JobEscrow.fromAddress(address));
  const state = await job.getJobState();
  const lanes = await job.getLanes();
  const auction = await job.getAuction();
  const terms = await job.getTerms();
  return { ...state, lanes, auction, terms: terms === null ? undefined : loadJobTerms(terms.beginParse()) };
}

async function providerView(chain: Blockchain, address: Address): Promise<ProviderState | undefined> {
  const data = await dataHash(chain, address);
  return data === undefined
    ? undefined
    : once(providerViews, `${address}${data}`, () =>
        chain.openContract(ProviderStake.fromAddress(address)).getProviderState(),
      );
}

function once<T>(views: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const view = views.get(key) ?? read();
  views.set(key, view);
  return view;
}

/** Undefined when there is no such account. */
async function dataHash(chain: Blockchain, address: Address): Promise<string | undefined> {
  const state = (await chain.getContract(address)).accountState;
  return state?.type === "active" ? state.state.data?.hash().toString("hex") : undefined;
}
