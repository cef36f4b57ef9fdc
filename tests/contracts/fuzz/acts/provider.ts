import { beginCell, Dictionary } from "@ton/core";
import {
  type Offer,
  storeAddStake,
  storeBidOnJob,
  storeRegisterProvider,
  storeSetCatalog,
  storeSetOffers,
  storeSyncLane,
  storeUnbond,
} from "../../../../wrappers/messages";
import { body, OP } from "../../../support/actors";
import { catalog, MODEL, PRICES, profile, WORKER } from "../../../support/world";
import type { Strategy } from "../steps";
import { ACTIVE, OPEN, TASK } from "../views";
import { type Act, bare, jobsThat, ownJob, pick, worded } from "./act";
import { answer, mislead } from "./demands";
import { claimFromLog } from "./lies";
import { showQuote } from "./quotes";
import { attestWorker, claim, cosigned, deliver, WORKERS } from "./signed";

const TON = 1_000_000_000n;

const requestAcceptance: Act = (look, who) => [
  {
    name: "RequestAcceptance",
    from: pick(look.stage.providers, who).operator,
    to: pick(
      look.stage.jobs,
      pick(
        jobsThat(look, ({ state }) => state === OPEN),
        look.step.job,
      ),
    ).address,
    content: worded(OP.RequestAcceptance, look.step.detail % 2 ? WORKER.id : 0n),
  },
];

export const release: Act = (look, who) => {
  const { operator, owner } = pick(look.stage.providers, who);
  const from = look.step.detail % 2 ? operator : owner;
  return [{ name: "ReleaseJob", from, to: ownJob(look, who).address, content: bare(OP.ReleaseJob) }];
};

const syncLane: Act = (look, who) => {
  const { address: to, operator: from } = pick(look.stage.providers, who);
  const worker = pick(WORKERS, look.step.detail).id;
  const job = ownJob(look, who).address;
  return [
    {
      name: "SyncLane",
      from,
      to,
      content: body(storeSyncLane({ $$type: "SyncLane", queryId: 1n, job, worker })),
    },
  ];
};

export const bid: Act = (look, who) => {
  const { jobs } = look.stage;
  const auctioned = jobs.findIndex((_, index) => look.job(index)?.auction !== undefined);
  const index = auctioned < 0 ? look.step.job : auctioned;
  const { developer, nonce } = pick(jobs, index);
  const job = look.job(index);
  const from = pick(look.stage.providers, who).operator;
  const wrong = look.step.detail % 12 === 0 ? 1n : 0n;
  const content = body(
    storeBidOnJob({
      $$type: "BidOnJob",
      queryId: 1n,
      developer,
      nonce,
      budget: (job?.budget ?? TON) + wrong,
      openedAt: job?.terms?.openedAt ?? BigInt(look.now),
      bps: BigInt((look.step.amount * 37) % 10_050),
      worker: WORKER.id,
    }),
  );
  return [{ name: "BidOnJob", from, to: pick(look.stage.providers, who).address, content }];
};

export const dropWorker: Act = (look, who) => {
  const { address: to, operator: from } = pick(look.stage.providers, who);
  return [
    { name: "DropWorker", from, to, content: worded(OP.DropWorker, pick(WORKERS, look.step.detail).id) },
  ];
};

export const addStake: Act = (look, who) => {
  const { address: to, owner: from } = pick(look.stage.providers, who);
  const amount = BigInt(look.step.amount % 5) * TON;
  const content = body(storeAddStake({ $$type: "AddStake", queryId: 1n, amount }));
  return [{ name: "AddStake", from, to, amount, content }];
};

/** Up to a little more than is free. */
export const unbond: Act = (look, who) => {
  const { address: to, owner: from } = pick(look.stage.providers, who);
  const provider = look.provider(who);
  const free = provider === undefined ? TON : provider.stake - provider.bonded;
  const amount = (free * BigInt(look.step.amount)) / 1_000n;
  const content = body(storeUnbond({ $$type: "Unbond", queryId: 1n, amount }));
  return [{ name: "Unbond", from, to, content }];
};

export const withdraw: Act = (look, who) => {
  const { address: to, owner: from } = pick(look.stage.providers, who);
  return [{ name: "WithdrawUnbonded", from, to, content: bare(OP.WithdrawUnbonded) }];
};

export const setOffers: Act = (look, who) => {
  const { address: to, operator: from } = pick(look.stage.providers, who);
  const offers = Dictionary.empty<bigint, Offer>();
  offers.set(MODEL, { $$type: "Offer", prices: PRICES, contextLength: 4_096n, concurrency: 8n });
  const content = body(
    storeSetOffers({
      $$type: "SetOffers",
      queryId: 1n,
      maxOpenJobs: BigInt(look.step.detail % 4),
      offers: look.step.detail % 5 === 0 ? Dictionary.empty() : offers,
      profile: profile(),
    }),
  );
  return [{ name: "SetOffers", from, to, content }];
};

/** Another operator from now on; jobs keep theirs. */
export const setCatalog: Act = (look, who) => {
  const { address: to, owner: from, operator } = pick(look.stage.providers, who);
  const content = body(
    storeSetCatalog({
      $$type: "SetCatalog",
      queryId: 1n,
      catalog: catalog(look.step.detail % 2 ? operator : look.stage.stranger),
    }),
  );
  return [{ name: "SetCatalog", from, to, content }];
};

const register: Act = (look, who) => {
  const { address: to, owner: from, operator, init } = pick(look.stage.providers, who);
  const content = beginCell().store(
    storeRegisterProvider({
      $$type: "RegisterProvider",
      queryId: 1n,
      stake: TON,
      catalog: catalog(operator),
    }),
  );
  return [{ name: "RegisterProvider", from, to, amount: TON, content: content.endCell(), init }];
};

/** What one of its jobs waits for. */
const serve: Act = (look, who) => {
  const index = pick(
    jobsThat(look, ({ state }) => state >= ACTIVE || state === OPEN),
    look.step.job,
  );
  const job = look.job(index);
  if (job?.demand !== undefined && look.step.choice % 3 !== 0) {
    return answer(look, who);
  }
  if (job?.state === OPEN) {
    return job.auction === undefined ? requestAcceptance(look, who) : bid(look, who);
  }
  return job?.state === TASK ? deliver(look, who) : cosigned(look, who);
};

const SERVING: readonly Act[] = [serve, serve, serve, claim, claimFromLog, deliver, bid, syncLane, answer];
const KEEPING: readonly Act[] = [
  requestAcceptance,
  attestWorker,
  showQuote,
  release,
  addStake,
  unbond,
  withdraw,
  dropWorker,
  setOffers,
  setCatalog,
];

/** What a provider does; a greedy one claims what nobody co-signs, and takes its stake away. */
export const PROVIDER_ACTS: Readonly<Record<Strategy, readonly Act[]>> = {
  honest: [...SERVING, ...SERVING, ...KEEPING],
  lazy: [...SERVING, requestAcceptance, attestWorker, showQuote],
  greedy: [...SERVING, claim, claim, claim, mislead, unbond, withdraw, unbond, withdraw, register],
  "front-running": [...SERVING, ...KEEPING],
  replaying: [...SERVING, claim, ...KEEPING],
  crashing: [...SERVING, claim, bid],
};
