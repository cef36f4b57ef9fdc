import { transactionOf } from "../../../bench/gas/recorder";
import { storeDropWorker, storeRecheckWorker, storeUnbond } from "../../../wrappers/messages";
import {
  account,
  attest,
  body,
  type Delivery,
  deliver,
  type Job,
  OP,
  open,
  QUERY,
  settleHead,
  syncLane,
  UNDERPAID,
  useWorld,
} from "../../support/actors";
import { events, expectDone, expectEnded, expectPaid, expectRefused, storageFee } from "../../support/expect";
import { testKey } from "../../support/keys";
import { equivocation, LIES, prove, STEP, workerLog } from "../../support/lies";
import { BUDGET, DAY, openJob, STAKE, START, service, WORKER } from "../../support/world";
import { openTask } from "../tasks/cast";

const world = useWorld();
const BOND = BUDGET / 10n;
const netOf = (gross: bigint) => gross - (gross * 200n) / 10_000n;
const at = (seconds: number) => {
  world().chain.now = START + seconds;
};
/** The lie that most cases use: two heads of one size. */
const lie = (job: Job) => {
  const write = LIES["two heads of one size with different roots"];
  if (write === undefined) {
    throw new Error("There is no such lie.");
  }
  return write(job.address);
};

/** The bond is divided as said, the worker is struck off, and whatever the job held goes where it is owed. */
async function expectSlashed(
  proved: Delivery,
  parts: { owed: bigint; due?: bigint; fees?: bigint; bond?: bigint },
) {
  const { owner, treasury, developer, provider, stranger } = world();
  const { owed, due = 0n, fees = 0n, bond = BOND } = parts;
  const [toDeveloper = 0n] = [owed, bond].toSorted((a, b) => (a < b ? -1 : 1));
  const bounty = ((bond - toDeveloper) * 2_000n) / 10_000n;
  const held = proved.before.balance - storageFee(proved.tx);
  expectPaid(proved, owner.address, due);
  expectPaid(proved, developer.address, held - due - fees, "Refund");
  for (const [op, to, value] of [
    [OP.Penalty, developer.address, toDeveloper],
    [OP.Bounty, stranger.address, bounty],
    [OP.Payment, treasury.address, bond - toDeveloper - bounty],
  ] as const) {
    const part = { from: provider.address, to, op };
    if (value === 0n) {
      expect(proved.transactions).not.toHaveTransaction(part);
    } else {
      expect(proved.transactions).toHaveTransaction({ ...part, value, inMessageBounceable: false });
    }
  }
  // What is left of the message's value comes by way of the provider's contract.
  expect(proved.transactions).toHaveTransaction({
    from: provider.address,
    to: proved.from,
    op: OP.Excesses,
    success: true,
  });
  expect(await provider.getProviderState()).toMatchObject({
    stake: STAKE - bond,
    bonded: 0n,
    openJobs: 0n,
    slashed: 1n,
    completed: 0n,
    expired: 0n,
  });
  expect((await provider.getWorkers()).get(WORKER.id)).toMatchObject({ expiresAt: 0n, epoch: 0xffffffffn });
}

describe("JobEscrow and a proved lie", () => {
  it.each(Object.keys(LIES))(
    "%s: ends the job at exactly the least value, without what is claimed",
    async (name) => {
      const job = await open(world());
      await settleHead(world(), job, { amount: 4n * STEP, session: null });
      const write = LIES[name];
      if (write === undefined) {
        throw new Error("There is no such lie.");
      }
      expectRefused(await prove(world(), job, write(job.address), { short: 1n }), "ErrValueTooLow");
      const proved = await prove(world(), job, write(job.address));
      expectEnded(proved, { out: 3 });
      await expectSlashed(proved, { owed: 0n });
      expect(events(proved.transactions)).toMatchObject([
        { $$type: "JobClosedEvent", outcome: 3n, earned: 0n, fees: 0n },
        { $$type: "WorkerDroppedEvent", receiptPublicKey: WORKER.id },
        { $$type: "StakeChangedEvent", stake: STAKE - BOND },
        { $$type: "BondReleasedEvent", bond: BOND, outcome: 3n, earned: 0n },
      ]);
    },
  );

  it("leaves what was co-signed with the provider, and makes the developer whole for it out of the bond first", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: STEP });
    await settleHead(world(), job, { amount: 4n * STEP, session: null });
    const proved = await prove(world(), job, lie(job));
    expectEnded(proved, { out: 4 });
    await expectSlashed(proved, { owed: STEP, fees: STEP / 50n });
    expect((await world().provider.getProviderState()).earned).toBe(STEP);
  });

  it("pays what has matured with the end, and gives the developer the whole bond when the lane was paid more", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 3n * STEP, session: null });
    at(DAY);
    const proved = await prove(world(), job, lie(job));
    expectEnded(proved, { out: 5 });
    await expectSlashed(proved, { owed: 3n * STEP, due: netOf(3n * STEP), fees: (3n * STEP) / 50n });
  });

  it("leaves the provider's contract without the bond, and without any of what the proof brought", async () => {
    const { provider, chain } = world();
    const job = await open(world());
    const before = (await chain.getContract(provider.address)).balance;
    const proved = await prove(world(), job, lie(job));
    const closed = transactionOf(proved, provider.address, "JobClosed");
    const after = (await chain.getContract(provider.address)).balance;
    expect(after).toBe(before - storageFee(closed) - BOND);
  });

  it("takes the proof of a head that nobody has carried", async () => {
    const job = await open(world());
    await expectSlashed(await prove(world(), job, lie(job)), { owed: 0n });
  });

  it("takes it while closing, until the job has ended", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 4n * STEP, session: null });
    await job.send(
      world().developer.getSender(),
      { value: await job.getMinValueToCloseJob() },
      { $$type: "CloseJob", queryId: QUERY },
    );
    at(DAY - 1);
    await expectSlashed(await prove(world(), job, lie(job)), { owed: 0n });
  });

  it("gives the developer's part to a developer that reports, and the bounty too", async () => {
    const job = await open(world());
    const { developer, provider } = world();
    const proved = await prove(world(), job, lie(job), { from: developer });
    expect(proved.transactions).toHaveTransaction({
      from: provider.address,
      to: developer.address,
      op: OP.Bounty,
      value: BOND / 5n,
    });
  });

  it("a second delivery finds no job, and changes nothing", async () => {
    const job = await open(world());
    const value = await job.getMinValueToProveFraud();
    await prove(world(), job, lie(job));
    const { chain, provider } = world();
    const before = await account(chain, provider.address);
    const again = await deliver(world(), {
      from: world().stranger,
      to: job.address,
      value,
      body: body(lie(job)),
    });
    expect(again.transactions).toHaveTransaction({ from: job.address, inMessageBounced: true });
    expect(await account(chain, provider.address)).toEqual(before);
  });

  it("is refused in New, Open and Task, which no head can claim from", async () => {
    const job = await world().job(1n);
    const send = async (to: Job) =>
      deliver(world(), {
        from: world().stranger,
        to: to.address,
        value: BUDGET,
        body: body(lie(to)),
        ...(to.init === undefined ? {} : { init: to.init }),
      });
    expectRefused(await send(job), "ErrJobNotRunning");
    expectRefused(
      await send(await open(world(), { service: service(undefined, UNDERPAID) })),
      "ErrJobNotRunning",
    );
    expectRefused(await send((await openTask(world(), { nonce: 2n })).job), "ErrJobNotRunning");
  });

  it("with a reporter in the masterchain is refused: its bounty would cost more than was attached", async () => {
    const job = await open(world());
    const from = await world().chain.treasury("abroad", { workchain: -1 });
    expectRefused(await prove(world(), job, lie(job), { from, short: -BUDGET }), "ErrNotBasechain");
  });
});

describe("ProviderStake and a worker that was struck off", () => {
  const slashed = async () => {
    const job = await open(world());
    await prove(world(), job, lie(job));
  };

  it("does not take it back by the statement it came with, nor by a newer one", async () => {
    await slashed();
    const { provider } = world();
    for (const statement of [{}, { expiresAt: START + 2 * DAY, notBefore: START + DAY, epoch: 1n }]) {
      if ("notBefore" in statement) {
        at(DAY);
      }
      expectDone(await attest(world(), statement), { out: 1 });
      expect((await provider.getWorkers()).get(WORKER.id)).toMatchObject({
        expiresAt: 0n,
        epoch: 0xffffffffn,
      });
    }
  });

  it("keeps its record: nobody drops or rechecks it", async () => {
    await slashed();
    const { provider, owner, stranger } = world();
    const receiptPublicKey = WORKER.id;
    for (const [from, write] of [
      [owner, storeDropWorker({ $$type: "DropWorker", queryId: QUERY, receiptPublicKey })],
      [stranger, storeDropWorker({ $$type: "DropWorker", queryId: QUERY, receiptPublicKey })],
      [stranger, storeRecheckWorker({ $$type: "RecheckWorker", queryId: QUERY, receiptPublicKey })],
    ] as const) {
      const refused = await deliver(world(), {
        from,
        to: provider.address,
        value: BUDGET,
        body: body(write),
      });
      expectRefused(refused, "ErrWorkerStruck");
    }
  });

  it("opens no job with it, and ends its lanes in other jobs when anyone says so", async () => {
    const other = await open(world(), {}, 2n);
    await slashed();
    const job = await open(world(), openJob(world()), 3n);
    expect((await job.getJobState()).state).toBe(1n);
    at(60);
    await syncLane(world(), other.address, WORKER.id, world().stranger);
    expect((await other.getLanes()).get(WORKER.id)?.expiresAt).toBe(BigInt(START + 60));
    expectRefused(
      await settleHead(world(), other, { amount: STEP, issuedAt: START + 61 }),
      "ErrAttestationEnded",
    );
  });

  it("serves on with its other workers", async () => {
    await slashed();
    const second = testKey("second worker");
    await attest(world(), { key: second.id });
    const job = await open(world(), { worker: second.id }, 2n);
    expect((await job.getJobState()).state).toBe(3n);
    expectDone(await settleHead(world(), job, { amount: STEP, worker: second }), {
      kept: -netOf(STEP),
      out: 3,
    });
  });
});

describe("A bond and stake that is unbonding", () => {
  it("unbonding all that is free before a proof saves nothing of the bond", async () => {
    const job = await open(world());
    const { owner, provider } = world();
    const unbond = async (amount: bigint) =>
      deliver(world(), {
        from: owner,
        to: provider.address,
        value: await provider.getMinValueToChangeStake(),
        body: body(storeUnbond({ $$type: "Unbond", queryId: QUERY, amount })),
      });
    expectRefused(await unbond(STAKE - BOND + 1n), "ErrStakeBonded");
    expectDone(await unbond(STAKE - BOND), { out: 2 });
    const proved = await prove(world(), job, lie(job));
    expect(await provider.getProviderState()).toMatchObject({
      stake: 0n,
      bonded: 0n,
      unbonding: STAKE - BOND,
    });
    expect(proved.transactions).toHaveTransaction({
      from: provider.address,
      op: OP.Bounty,
      value: BOND / 5n,
    });
  });

  it("a bond of nothing is divided into nothing: the job ends and the worker is struck off all the same", async () => {
    const job = await open(world(), { budget: 1n });
    const proved = await prove(
      world(),
      job,
      equivocation(workerLog(job.address).head({ amount: 1n }), workerLog(job.address).head({ amount: 2n })),
    );
    await expectSlashed(proved, { owed: 0n, bond: 1n });
  });
});

describe("ReleaseJob beside a claim that can still be proved a lie", () => {
  it("is refused until the claim has matured or was co-signed", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 4n * STEP, session: null });
    const release = async () =>
      deliver(world(), {
        from: world().owner,
        to: job.address,
        value: await job.getMinValueToEndJob(),
        body: body((builder) => builder.storeUint(OP.ReleaseJob, 32).storeUint(QUERY, 64)),
      });
    at(DAY - 1);
    expectRefused(await release(), "ErrClaimPending");
    at(DAY);
    const released = await release();
    expectEnded(released, { out: 6 });
    expectPaid(released, world().owner.address, netOf(4n * STEP));
  });
});
