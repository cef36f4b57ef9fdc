import { largestHead, largestReceipt } from "../../../bench/demandCost";
import { cell, enlistWallets } from "../../../bench/session";
import {
  storeDemandReceipt,
  storeOpenJob,
  storeReleaseJob,
  storeSettle,
  storeShowReceipt,
} from "../../../wrappers/messages";
import {
  body,
  deliver,
  type Job,
  open,
  QUERY,
  releaseClaims,
  settleHead,
  syncLane,
  useWorld,
} from "../../support/actors";
import { demandReceipt, proveWithheld, showReceipt } from "../../support/demands";
import { expectDone, expectEnded, expectPaid, expectRefused } from "../../support/expect";
import { settle } from "../../support/heads";
import { STEP, type WorkerLog, workerLog } from "../../support/lies";
import { BUDGET, DAY, openJob, START, WORKER } from "../../support/world";

const world = useWorld();
const QUARTER = DAY / 4;
const CLAIM = 4n * STEP;
const netOf = (gross: bigint) => gross - (gross * 200n) / 10_000n;
const at = (seconds: number) => {
  world().chain.now = START + seconds;
};

/** A job whose worker has claimed its four receipts alone, at START. */
async function claimed(): Promise<{ readonly job: Job; readonly log: WorkerLog }> {
  const job = await open(world());
  await settleHead(world(), job, { amount: CLAIM, session: null });
  return { job, log: workerLog(job.address) };
}

async function demanded() {
  const { job, log } = await claimed();
  await demandReceipt(world(), job, { head: log.head(), index: 1 });
  return { job, log };
}

describe("A developer who demands what it has, to do its provider harm,", () => {
  it("does not cost the provider's wallet a nanoton, even by a receipt of the largest log", async () => {
    const wallets = await enlistWallets();
    const { developer, owner, operator, job, init } = wallets;
    const { network, chain } = wallets.world;
    await developer.send(job.address, BUDGET + (await network.getMinValueToOpenJob()), {
      init,
      body: cell(storeOpenJob({ ...openJob(wallets.world), owner: owner.address })),
    });
    await developer.send(job.address, await job.getMinValueToSettle(), {
      body: cell(storeSettle(settle({ job: job.address, amount: CLAIM, session: null }))),
    });
    const demand = { $$type: "DemandReceipt", queryId: QUERY, worker: WORKER.id, index: 0n } as const;
    await developer.send(job.address, await job.getMinValueToDemand(), {
      body: cell(storeDemandReceipt({ ...demand, head: largestHead(job, CLAIM) })),
    });
    expect(await job.getDemand()).not.toBeNull();
    const { balance: before } = await chain.getContract(operator.address);
    await operator.send(job.address, await job.getMinValueToShowReceipt(), {
      body: cell(storeShowReceipt({ $$type: "ShowReceipt", queryId: QUERY, receipt: largestReceipt() })),
    });
    expect(await job.getDemand()).toBeNull();
    expect((await chain.getContract(operator.address)).balance).toBeGreaterThanOrEqual(before);
  });

  it("delays no payment by a second, answered or not", async () => {
    const { job } = await claimed();
    const log = workerLog(job.address);
    at(DAY / 2);
    await demandReceipt(world(), job, { head: log.head(), index: 1 });
    at(DAY);
    expectDone(await releaseClaims(world(), job), { kept: -netOf(CLAIM), out: 3 });
    const released = await deliver(world(), {
      from: world().owner,
      to: job.address,
      value: await job.getMinValueToEndJob(),
      body: body(storeReleaseJob({ $$type: "ReleaseJob", queryId: QUERY })),
    });
    expectEnded(released, { out: 5 });
  });

  it("keeps no co-signed head from being paid at once", async () => {
    const { job } = await demanded();
    expectDone(await settleHead(world(), job, { amount: CLAIM }), { kept: -netOf(CLAIM), out: 3 });
    at(QUARTER);
    expectRefused(await proveWithheld(world(), job), "ErrClaimSettled");
  });

  it("cannot void by it what it has co-signed or what has matured", async () => {
    const job = await open(world());
    const log = workerLog(job.address);
    await settleHead(world(), job, { amount: 2n * STEP });
    await settleHead(world(), job, { amount: CLAIM, session: null });
    expectRefused(
      await demandReceipt(world(), job, { head: log.head({ size: 2 }), index: 0 }),
      "ErrClaimSettled",
    );
    at(DAY);
    expectRefused(await demandReceipt(world(), job, { head: log.head(), index: 0 }), "ErrClaimSettled");
  });

  it("cannot slash a provider that has answered, by the same demand or by a late proof", async () => {
    const { job, log } = await demanded();
    at(QUARTER - 1);
    await showReceipt(world(), job, log.receipt(1));
    at(QUARTER);
    expectRefused(await proveWithheld(world(), job), "ErrNoDemand");
    at(DAY - 1);
    expectRefused(await proveWithheld(world(), job), "ErrNoDemand");
  });

  it("cannot demand in the last half of the claim's time, when there would be no time to answer", async () => {
    const { job, log } = await claimed();
    at(DAY / 2 + 1);
    expectRefused(await demandReceipt(world(), job, { head: log.head(), index: 1 }), "ErrTooLate");
  });
});

describe("A provider that withholds a receipt", () => {
  it.each<[string, (log: WorkerLog, other: WorkerLog) => ReturnType<WorkerLog["receipt"]>]>([
    ["another receipt of the log", (log) => log.receipt(2)],
    ["the place in an earlier log", (log) => log.receipt(1, 3)],
    ["the place in a log that it made up", (_log, other) => other.receipt(1)],
  ])("is not saved by %s", async (_what, shown) => {
    const { job, log } = await demanded();
    const other = workerLog(job.address, { changes: { 1: { responseHash: Buffer.alloc(32) } } });
    at(QUARTER - 1);
    expectRefused(await showReceipt(world(), job, shown(log, other)), "ErrNotInLog");
    at(QUARTER);
    expectEnded(await proveWithheld(world(), job), { out: 3 });
  });

  it("does not escape by newer heads, however little above: before the demand, after it, or both", async () => {
    const { job, log } = await claimed();
    await settleHead(world(), job, { amount: CLAIM + 1n, session: null });
    await settleHead(world(), job, { amount: CLAIM + 2n, session: null });
    await demandReceipt(world(), job, { head: log.head(), index: 1 });
    at(QUARTER - 1);
    await settleHead(world(), job, { amount: CLAIM + 3n, session: null });
    at(QUARTER);
    const proved = await proveWithheld(world(), job);
    expectEnded(proved, { out: 3 });
    expectPaid(proved, world().owner.address, 0n);
  });

  it("does not escape by a claim that is replaced again and again before the demand arrives", async () => {
    const job = await open(world());
    const log = workerLog(job.address);
    await settleHead(world(), job, { amount: 1n, session: null });
    await settleHead(world(), job, { amount: CLAIM, session: null });
    await settleHead(world(), job, { amount: CLAIM + 1n, session: null });
    await demandReceipt(world(), job, { head: log.head(), index: 3 });
    at(QUARTER);
    expectEnded(await proveWithheld(world(), job), { out: 3 });
  });

  it("does not escape by cutting its lane short, after a head that its worker dated ahead", async () => {
    const job = await open(world());
    const log = workerLog(job.address);
    const issuedAt = START + 3_600;
    await settleHead(world(), job, { amount: CLAIM, session: null, issuedAt });
    at(60);
    const { provider, operator } = world();
    await provider.send(
      operator.getSender(),
      { value: await provider.getMinValueToDropWorker() },
      { $$type: "DropWorker", queryId: QUERY, receiptPublicKey: WORKER.id },
    );
    await syncLane(world(), job.address);
    await demandReceipt(world(), job, { head: log.head({ issuedAt }), index: 1 });
    at(60 + QUARTER);
    expectEnded(await proveWithheld(world(), job), { out: 3 });
  });

  it("cannot leave before the proof, nor take the claim home", async () => {
    const { job } = await demanded();
    at(QUARTER);
    const release = body(storeReleaseJob({ $$type: "ReleaseJob", queryId: QUERY }));
    const value = await job.getMinValueToEndJob();
    const leave = { from: world().owner, to: job.address, value, body: release };
    expectRefused(await deliver(world(), leave), "ErrClaimPending");
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
    expectEnded(await proveWithheld(world(), job), { out: 3 });
  });
});

describe("A stranger beside a demand", () => {
  it("can only help: it shows the receipt before the provider does, and the provider loses its gas alone", async () => {
    const { job, log } = await demanded();
    const deposit = (await job.getDemand())?.deposit ?? 0n;
    const shown = await showReceipt(world(), job, log.receipt(1), { from: world().stranger });
    expectDone(shown, { kept: -deposit, out: 2 });
    expectRefused(await showReceipt(world(), job, log.receipt(1)), "ErrNoDemand");
    at(QUARTER);
    expectRefused(await proveWithheld(world(), job), "ErrNoDemand");
  });

  it("demands nothing", async () => {
    const { job, log } = await claimed();
    const { stranger } = world();
    expectRefused(
      await demandReceipt(world(), job, { head: log.head(), index: 1 }, { from: stranger }),
      "ErrNotDeveloper",
    );
  });
});
