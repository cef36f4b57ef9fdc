import { storeDemandReceipt, storeProveWithheld, storeShowReceipt } from "../../../wrappers/messages";
import {
  body,
  type Delivery,
  deliver,
  finalize,
  type Job,
  OP,
  open,
  QUERY,
  releaseClaims,
  settleHead,
  syncLane,
  UNDERPAID,
  useWorld,
} from "../../support/actors";
import { demandReceipt, proveWithheld, showReceipt } from "../../support/demands";
import {
  events,
  expectDone,
  expectEnded,
  expectExcess,
  expectPaid,
  expectRefused,
  storageFee,
} from "../../support/expect";
import { testKey } from "../../support/keys";
import { STEP, type WorkerLog, workerLog } from "../../support/lies";
import { BUDGET, DAY, enlistProvider, STAKE, START, service, WORKER } from "../../support/world";
import { openTask } from "../tasks/cast";

const world = useWorld();
const BOND = BUDGET / 10n;
const HALF = DAY / 2;
const QUARTER = DAY / 4;
const netOf = (gross: bigint) => gross - (gross * 200n) / 10_000n;
const at = (seconds: number) => {
  world().chain.now = START + seconds;
};

interface Claimed {
  readonly job: Job;
  readonly log: WorkerLog;
}

/** A job whose worker has claimed the four receipts of its log, at START, without a co-signature. */
async function claimed(nonce = 1n): Promise<Claimed> {
  const job = await open(world(), {}, nonce);
  const log = workerLog(job.address);
  await carry(job, log);
  return { job, log };
}

/** Carries the log's head of that size as a claim of the worker alone. */
async function carry(job: Job, log: WorkerLog, size?: number) {
  const { root, amount, ...head } = log.settled({ session: null, ...(size === undefined ? {} : { size }) });
  return settleHead(world(), job, {
    size: Number(head.size),
    root: Buffer.from(root.toString(16).padStart(64, "0"), "hex"),
    amount,
    session: null,
  });
}

/** The demand was recorded; deposit and rent stay. */
async function expectTaken(job: Job, sent: Delivery): Promise<void> {
  const kept = sent.after.balance - sent.before.balance + storageFee(sent.tx);
  expectDone(sent, { kept, out: 2 });
  expect(kept).toBeGreaterThan(await depositOf(job));
  expect(await depositOf(job)).toBeGreaterThan(await job.getMinValueToShowReceipt());
}

async function depositOf(job: Job): Promise<bigint> {
  return (await job.getDemand())?.deposit ?? 0n;
}

async function disputed(job: Job): Promise<void> {
  const message = { $$type: "DisputeClaim", queryId: QUERY } as const;
  await job.send(world().developer.getSender(), { value: BUDGET }, message);
}

/** The same, with its second receipt demanded; an answer is due by QUARTER. */
async function demanded(): Promise<Claimed & { readonly deposit: bigint }> {
  const { job, log } = await claimed();
  await demandReceipt(world(), job, { head: log.head(), index: 1 });
  return { job, log, deposit: await depositOf(job) };
}

describe("JobEscrow demand", () => {
  it("by the developer is recorded at exactly the least value, with what an answer costs", async () => {
    const { job, log } = await claimed();
    const head = log.head();
    expectRefused(await demandReceipt(world(), job, { head, index: 1 }, { short: 1n }), "ErrValueTooLow");
    const sent = await demandReceipt(world(), job, { head, index: 1 });
    const demand = await job.getDemand();
    expect(demand).toMatchObject({
      worker: WORKER.id,
      index: 1n,
      size: 4n,
      amount: 4n * STEP,
      answerBy: BigInt(START + QUARTER),
    });
    await expectTaken(job, sent);
    expectExcess(sent);
    expect(events(sent.transactions)).toEqual([
      {
        $$type: "ReceiptDemandedEvent",
        worker: WORKER.id,
        index: 1n,
        size: 4n,
        root: demand?.root,
        amount: 4n * STEP,
        answerBy: BigInt(START + QUARTER),
      },
    ]);
  });

  it("by anyone else is refused", async () => {
    const { job, log } = await claimed();
    for (const from of [world().owner, world().operator, world().guardian, world().stranger]) {
      expectRefused(
        await demandReceipt(world(), job, { head: log.head(), index: 1 }, { from }),
        "ErrNotDeveloper",
      );
    }
  });

  it("needs a head that the worker signed for this job, with that place in its log", async () => {
    const { job, log } = await claimed();
    const ask = async (head: ReturnType<WorkerLog["head"]>, index = 1, worker = WORKER.id) =>
      demandReceipt(world(), job, { head, index, worker });
    expectRefused(await ask(log.head({ signer: testKey("rogue") })), "ErrBadWorkerSignature");
    expectRefused(await ask(log.head({ networkId: -3 })), "ErrBadWorkerSignature");
    expectRefused(await ask(log.head({ job: world().provider.address })), "ErrBadWorkerSignature");
    expectRefused(await ask(log.head({ issuedAt: START - 1 })), "ErrBadDates");
    expectRefused(await ask(log.head(), 1, testKey("rogue").id), "ErrNoSuchLane");
    expectRefused(await ask(log.head(), 4), "ErrNotInLog");
    await expectTaken(job, await ask(log.head(), 3));
  });

  it("concerns what waits: nothing that is co-signed or has matured, and nothing that is not claimed", async () => {
    const job = await open(world());
    const log = workerLog(job.address);
    const ask = async (size: number) => demandReceipt(world(), job, { head: log.head({ size }), index: 0 });
    expectRefused(await ask(1), "ErrNotClaimed");
    await settleHead(world(), job, { amount: STEP });
    await carry(job, log, 3);
    expectRefused(await ask(1), "ErrClaimSettled");
    expectRefused(await ask(4), "ErrNotClaimed");
    await expectTaken(job, await ask(2));
    at(DAY);
    expectRefused(await ask(3), "ErrClaimSettled");
  });

  it("is possible up to half of the claim's time, and no second later", async () => {
    const { job, log } = await claimed();
    const ask = async () => demandReceipt(world(), job, { head: log.head(), index: 1 });
    at(HALF);
    await expectTaken(job, await ask());
    expect((await job.getDemand())?.answerBy).toBe(BigInt(START + HALF + QUARTER));
    await showReceipt(world(), job, log.receipt(1));
    at(HALF + 1);
    expectRefused(await ask(), "ErrTooLate");
  });

  it("goes by the date of the claim that its head lies under, of the two that may wait", async () => {
    const job = await open(world());
    const log = workerLog(job.address);
    await carry(job, log, 2);
    at(HALF + 1);
    await carry(job, log, 4);
    const ask = async (size: number) => demandReceipt(world(), job, { head: log.head({ size }), index: 0 });
    expectRefused(await ask(2), "ErrTooLate");
    await expectTaken(job, await ask(3));
  });

  it("is one at a time: another is taken once the first is answered, late, or moot", async () => {
    const { job, log } = await demanded();
    const ask = async (size: number) => demandReceipt(world(), job, { head: log.head({ size }), index: 2 });
    expectRefused(await ask(4), "ErrDemandOpen");
    await showReceipt(world(), job, log.receipt(1));
    await ask(3); // answered
    at(QUARTER - 1);
    expectRefused(await ask(4), "ErrDemandOpen");
    await settleHead(world(), job, { amount: 3n * STEP });
    await ask(4); // moot: what was demanded is co-signed
    expect(await job.getDemand()).toMatchObject({ amount: 4n * STEP, index: 2n });
    at(HALF - 2);
    expectRefused(await ask(4), "ErrDemandOpen");
    at(HALF - 1);
    const replaced = await ask(4); // late
    expect(replaced.tx.outMessagesCount).toBe(2);
    expect((await job.getDemand())?.answerBy).toBe(BigInt(START + HALF - 1 + QUARTER));
  });

  it("is taken while closing and while disputed, and a dispute keeps the demand that is there", async () => {
    const { job, log } = await claimed();
    const value = await job.getMinValueToCloseJob();
    await job.send(world().developer.getSender(), { value }, { $$type: "CloseJob", queryId: QUERY });
    await demandReceipt(world(), job, { head: log.head(), index: 1 });
    await disputed(job);
    expect(await job.getDemand()).toMatchObject({ index: 1n });
    const deposit = await depositOf(job);
    expectDone(await showReceipt(world(), job, log.receipt(1)), { kept: -deposit, out: 2 });
    await demandReceipt(world(), job, { head: log.head(), index: 2 });
    expect(await job.getDemand()).toMatchObject({ index: 2n });
  });

  it("is refused in New, Open and Task, and so are its answer and its proof", async () => {
    const log = workerLog(world().provider.address);
    const head = log.head();
    const writes = [
      storeDemandReceipt({ $$type: "DemandReceipt", queryId: QUERY, worker: WORKER.id, index: 0n, head }),
      storeShowReceipt({ $$type: "ShowReceipt", queryId: QUERY, receipt: log.receipt(0) }),
      storeProveWithheld({ $$type: "ProveWithheld", queryId: QUERY }),
    ];
    const fresh = await world().job(1n);
    const refusedByProvider = await open(world(), { service: service(undefined, UNDERPAID) }, 3n);
    const { job: task } = await openTask(world(), { nonce: 2n });
    for (const [job, codes] of [
      [fresh, ["ErrJobNotRunning", "ErrJobNotRunning", "ErrJobNotRunning"]],
      [refusedByProvider, ["ErrJobNotRunning", "ErrJobNotRunning", "ErrJobNotRunning"]],
      [task, ["ErrJobNotRunning", "ErrNoDemand", "ErrNoDemand"]],
    ] as const) {
      for (const [index, write] of writes.entries()) {
        const sent = await deliver(world(), {
          from: world().developer,
          to: job.address,
          value: BUDGET,
          body: body(write),
          ...(job === fresh && job.init !== undefined ? { init: job.init } : {}),
        });
        expectRefused(sent, codes[index] ?? "");
      }
      expect(job === fresh ? null : await job.getDemand()).toBeNull();
    }
  });
});

describe("JobEscrow and a demanded receipt that is shown", () => {
  it("gives the deposit to whoever shows it, at exactly the least value, and tells the receipt", async () => {
    const { job, log, deposit } = await demanded();
    at(QUARTER - 1);
    expectRefused(await showReceipt(world(), job, log.receipt(1), { short: 1n }), "ErrValueTooLow");
    const shown = await showReceipt(world(), job, log.receipt(1), { from: world().stranger });
    expectDone(shown, { kept: -deposit, out: 2 });
    expectExcess(shown);
    const [told] = events(shown.transactions);
    expect(told).toMatchObject({ $$type: "ReceiptShownEvent", worker: WORKER.id, index: 1n });
    if (told?.$$type !== "ReceiptShownEvent") {
      throw new Error("There is no such event.");
    }
    expect(told.receipt.bits.toString()).toBe(log.receipt(1).bits.toString());
    expect(told.receipt.refs).toEqual([]);
    expect(await job.getDemand()).toBeNull();
  });

  it("refuses it from the deadline on", async () => {
    const { job, log } = await demanded();
    at(QUARTER);
    expectRefused(await showReceipt(world(), job, log.receipt(1)), "ErrTooLate");
  });

  it("refuses it twice, and a proof after it", async () => {
    const { job, log } = await demanded();
    await showReceipt(world(), job, log.receipt(1));
    expectRefused(await showReceipt(world(), job, log.receipt(1)), "ErrNoDemand");
    expectRefused(await proveWithheld(world(), job), "ErrNoDemand");
  });

  it("moves no date, and the claim is paid on its own", async () => {
    const { job, log } = await demanded();
    at(100);
    await showReceipt(world(), job, log.receipt(1));
    at(DAY - 1);
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
    at(DAY);
    expectDone(await releaseClaims(world(), job), { kept: -netOf(4n * STEP), out: 3 });
  });
});

describe("JobEscrow and a receipt that is withheld", () => {
  it("ends the job as a proved lie does, at exactly the least value, from the deadline on", async () => {
    const { job } = await demanded();
    at(QUARTER - 1);
    expectRefused(await proveWithheld(world(), job), "ErrTooEarly");
    at(QUARTER);
    expectRefused(await proveWithheld(world(), job, { short: 1n }), "ErrValueTooLow");
    const proved = await proveWithheld(world(), job);
    expectEnded(proved, { out: 3 });
    const { developer, treasury, stranger, provider } = world();
    // Everything the job held, the deposit and the demand's rent included.
    expectPaid(proved, developer.address, proved.before.balance - storageFee(proved.tx), "Refund");
    for (const [op, to, value] of [
      [OP.Bounty, stranger.address, BOND / 5n],
      [OP.Payment, treasury.address, BOND - BOND / 5n],
    ] as const) {
      expect(proved.transactions).toHaveTransaction({ from: provider.address, to, op, value });
    }
    expect(events(proved.transactions)).toMatchObject([
      { $$type: "JobClosedEvent", outcome: 3n, earned: 0n, fees: 0n },
      { $$type: "WorkerDroppedEvent", receiptPublicKey: WORKER.id },
      { $$type: "StakeChangedEvent", stake: STAKE - BOND },
      { $$type: "BondReleasedEvent", bond: BOND, outcome: 3n, earned: 0n },
    ]);
    expect((await provider.getWorkers()).get(WORKER.id)).toMatchObject({ expiresAt: 0n, epoch: 0xffffffffn });
  });

  it("leaves what was co-signed below it with the provider, and makes the developer whole out of the bond", async () => {
    const { job } = await demanded();
    await settleHead(world(), job, { amount: STEP });
    at(QUARTER);
    const proved = await proveWithheld(world(), job);
    const { developer, provider, treasury } = world();
    const fee = STEP - netOf(STEP);
    expectPaid(proved, treasury.address, fee);
    expectPaid(proved, developer.address, proved.before.balance - storageFee(proved.tx) - fee, "Refund");
    expect(proved.transactions).toHaveTransaction({
      from: provider.address,
      to: developer.address,
      op: OP.Penalty,
      value: STEP,
    });
  });

  it("is proved up to the last second before the claim matures", async () => {
    const { job } = await demanded();
    at(DAY - 1);
    expectEnded(await proveWithheld(world(), job), { out: 3 });
  });

  it("is proved no second later: then the claim is final", async () => {
    const { job } = await demanded();
    at(DAY);
    expectRefused(await proveWithheld(world(), job), "ErrClaimSettled");
  });

  it("is moot once the developer has co-signed the claim", async () => {
    const { job } = await demanded();
    await settleHead(world(), job, { amount: 4n * STEP });
    at(QUARTER);
    expectRefused(await proveWithheld(world(), job), "ErrClaimSettled");
  });

  it("with a reporter in the masterchain is refused", async () => {
    const { job } = await demanded();
    at(QUARTER);
    const from = await world().chain.treasury("abroad", { workchain: -1 });
    expectRefused(await proveWithheld(world(), job, { from, short: -BUDGET }), "ErrNotBasechain");
  });

  it("is proved in a disputed job too, whose claims have stopped", async () => {
    const { job } = await demanded();
    at(60);
    await disputed(job);
    at(DAY + 30);
    expectEnded(await proveWithheld(world(), job), { out: 3 });
  });
});

describe("A demand and the job's end", () => {
  it("falls to the developer with the refund when the job ends without an answer", async () => {
    const { job, deposit } = await demanded();
    await settleHead(world(), job, { amount: 4n * STEP });
    const value = await job.getMinValueToCloseJob();
    await job.send(world().developer.getSender(), { value }, { $$type: "CloseJob", queryId: QUERY });
    at(DAY);
    const ended = await finalize(world(), job);
    const fee = 4n * STEP - netOf(4n * STEP);
    const refund = ended.before.balance - storageFee(ended.tx) - fee;
    expectPaid(ended, world().developer.address, refund, "Refund");
    expect(refund).toBeGreaterThan(BUDGET - 4n * STEP + deposit);
  });

  it("goes with the job: the same nonce opened anew knows nothing of it", async () => {
    const { job, log } = await demanded();
    at(QUARTER);
    await proveWithheld(world(), job);
    const again = await open(world(), { worker: 0n });
    expect(again.address.equals(job.address)).toBe(true);
    expect(await again.getDemand()).toBeNull();
    expectRefused(await proveWithheld(world(), again), "ErrNoDemand");
    expectRefused(await showReceipt(world(), again, log.receipt(1)), "ErrNoDemand");
  });

  it("stays through a top-up and a lane that is synced", async () => {
    const { job, log, deposit } = await demanded();
    const value = 5n + (await job.getMinValueToTopUpJob());
    await job.send(
      world().developer.getSender(),
      { value },
      { $$type: "TopUpJob", queryId: QUERY, amount: 5n },
    );
    await syncLane(world(), job.address);
    expectDone(await showReceipt(world(), job, log.receipt(1)), { kept: -deposit, out: 2 });
  });
});

describe("A network with a challenge time of which a quarter is five minutes", () => {
  const quick = useWorld(enlistProvider, { params: { challengeSeconds: 1_200n } });

  it("has demands", async () => {
    const job = await open(quick());
    await settleHead(quick(), job, { amount: 4n * STEP, session: null });
    const head = workerLog(job.address).head();
    expect((await demandReceipt(quick(), job, { head, index: 0 })).tx.outMessagesCount).toBe(2);
    expect((await job.getDemand())?.answerBy).toBe(BigInt(START + 300));
  });
});

describe("A network with a shorter one", () => {
  const quick = useWorld(enlistProvider, { params: { challengeSeconds: 1_199n } });

  it("has none: nobody could be sure to answer in time", async () => {
    const job = await open(quick());
    await settleHead(quick(), job, { amount: 4n * STEP, session: null });
    const head = workerLog(job.address).head();
    expectRefused(await demandReceipt(quick(), job, { head, index: 0 }), "ErrTooLate");
  });
});
