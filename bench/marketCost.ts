import { toNano } from "@ton/core";
import { answerTo, CALLBACK, PRICE, REQUEST, RESPONSE, taskService } from "../tests/contracts/tasks/cast";
import { storageFee } from "../tests/support/expect";
import { BUDGET, MODEL, openAuction, openJob, START, WORKER } from "../tests/support/world";
import { modelMarket } from "../wrappers/ModelMarket";
import {
  storeBidOnJob,
  storeDeclareDemand,
  storeDeliverTask,
  storeOpenAuction,
  storeOpenJob,
  storeOpenTask,
  storeSyncLane,
} from "../wrappers/messages";
import type { Benchmark } from "./benchmark";
import { transactionOf } from "./gas/recorder";
import { cell, enlistWallets, QUERY, total } from "./session";

const NANO = 1_000_000_000;
const YEAR_SECONDS = 31_536_000;
const HOUR = 3_600;

/** What a task, a bid and a job's place on the chain cost, with W5 wallets at mainnet's prices of June 2026. */
export const marketCost: Benchmark = {
  names: ["bid.ton", "job.rent.ton-per-year", "task.any-worker.ton", "task.total.ton"],
  async run() {
    return [
      { name: "task.total.ton", value: Number(await measureTask(true)) / NANO, unit: "TON" },
      { name: "task.any-worker.ton", value: Number(await measureTask(false)) / NANO, unit: "TON" },
      { name: "bid.ton", value: Number(await measureBid()) / NANO, unit: "TON" },
      { name: "job.rent.ton-per-year", value: Number(await measureRent()) / NANO, unit: "TON" },
    ];
  },
};

/**
 * All fees of all parties: opening, acceptance, the answer with its callback, the end. A task for any worker needs one
 * more message, which opens the lane of the one that answers.
 */
export async function measureTask(isNamed: boolean): Promise<bigint> {
  const { world, developer, owner, operator, provider, job, init } = await enlistWallets();
  const parties = [developer, owner, operator, world.treasury, provider, job].map(({ address }) => address);
  const before = await total(world.chain, parties);
  const least = await world.network.getMinValueToOpenTask();
  await developer.send(job.address, PRICE + CALLBACK + least, {
    init,
    body: cell(
      storeOpenTask({
        $$type: "OpenTask",
        ...QUERY,
        price: PRICE,
        acceptBy: BigInt(START + HOUR),
        deadline: BigInt(START + HOUR),
        owner: owner.address,
        index: 0n,
        worker: isNamed ? WORKER.id : 0n,
        service: taskService(),
        request: REQUEST,
      }),
    ),
  });
  if (!isNamed) {
    await operator.send(provider.address, await provider.getMinValueToSyncLane(), {
      body: cell(storeSyncLane({ $$type: "SyncLane", ...QUERY, job: job.address, worker: WORKER.id })),
    });
  }
  const value = await job.getMinValueToDeliverTask(1n, BigInt(RESPONSE.bits.length));
  const delivered = await operator.send(job.address, value, {
    body: cell(storeDeliverTask(answerTo(world, job.address))),
  });
  // Throws unless it was delivered.
  transactionOf({ transactions: delivered }, developer.address, "InferenceResult");
  return before - (await total(world.chain, parties));
}

/** What the bidder is poorer by; the developer's announcement is not in it. */
export async function measureBid(): Promise<bigint> {
  const { world, developer, owner, operator, provider, job, init } = await enlistWallets();
  const market = await modelMarket({ registry: world.network.address, modelHash: MODEL });
  await operator.send(market.address, toNano("0.05"), {
    init: market.init,
    body: cell(storeDeclareDemand({ $$type: "DeclareDemand", ...QUERY, tokensPerDay: 1n })),
  });
  await developer.send(job.address, BUDGET + (await world.network.getMinValueToOpenAuction()), {
    init,
    body: cell(storeOpenAuction(openAuction(world, { market: market.address }))),
  });
  const bidder = [owner.address, operator.address];
  const before = await total(world.chain, bidder);
  await operator.send(provider.address, await provider.getMinValueToBid(), {
    body: cell(
      storeBidOnJob({
        $$type: "BidOnJob",
        ...QUERY,
        developer: developer.address,
        nonce: 1n,
        budget: BUDGET,
        openedAt: BigInt(START),
        bps: 9_000n,
        worker: WORKER.id,
      }),
    ),
  });
  const best = await job.getAuction();
  if (best?.bps !== 9_000n) {
    throw new Error("The bid does not stand.");
  }
  return before - (await total(world.chain, bidder));
}

/** What the chain takes in a year from a job with one lane. */
export async function measureRent(): Promise<bigint> {
  const { world, developer, owner, job, init } = await enlistWallets();
  await developer.send(job.address, BUDGET + (await world.network.getMinValueToOpenJob()), {
    init,
    body: cell(storeOpenJob({ ...openJob(world), owner: owner.address })),
  });
  world.chain.now = START + YEAR_SECONDS;
  const { transactions } = await job.send(
    world.stranger.getSender(),
    { value: toNano("0.1") },
    { $$type: "ExpireJob", ...QUERY },
  );
  return storageFee(transactionOf({ transactions }, job.address, "ExpireJob"));
}
