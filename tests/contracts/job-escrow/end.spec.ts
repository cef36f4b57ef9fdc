import { toNano } from "@ton/core";
import { storeCloseJob, storeExpireJob, storeReleaseJob } from "../../../wrappers/messages";
import {
  attest,
  body,
  type Delivery,
  deliver,
  expire,
  finalize,
  type Job,
  OP,
  open,
  settleHead,
  syncLane,
  useWorld,
} from "../../support/actors";
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
import { BUDGET, DAY, STAKE, START, WORKER } from "../../support/world";

const world = useWorld();
const A = toNano("0.3");
const B = toNano("0.7");
const feeOf = (gross: bigint) => (gross * 200n) / 10_000n;
const netOf = (gross: bigint) => gross - feeOf(gross);
const DEADLINE = 7 * DAY;
const at = (seconds: number) => {
  world().chain.now = START + seconds;
};

async function close(job: Job, from = world().developer, short = 0n) {
  return deliver(world(), {
    from,
    to: job.address,
    value: (await job.getMinValueToCloseJob()) - short,
    body: body(storeCloseJob({ $$type: "CloseJob", queryId: 1n })),
  });
}

async function release(job: Job, from = world().operator, short = 0n) {
  return deliver(world(), {
    from,
    to: job.address,
    value: (await job.getMinValueToEndJob()) - short,
    body: body(storeReleaseJob({ $$type: "ReleaseJob", queryId: 1n })),
  });
}

/** What the job held beyond its sender's message goes out to the nanoton; the bond and the history reach the provider. */
async function expectSettledUp(
  ended: Delivery,
  amounts: { due: bigint; fees: bigint; earned: bigint; outcome: bigint },
) {
  const { owner, treasury, developer, provider } = world();
  const held = ended.before.balance - storageFee(ended.tx);
  expectPaid(ended, owner.address, amounts.due);
  expectPaid(ended, treasury.address, amounts.fees);
  expectPaid(ended, developer.address, held - amounts.due - amounts.fees, "Refund");
  expectExcess(ended);
  expect(ended.transactions).toHaveTransaction({
    from: ended.to,
    to: provider.address,
    op: OP.JobClosed,
    success: true,
    exitCode: 0,
    actionResultCode: 0,
    outMessagesCount: 1,
  });
  expect(events(ended.transactions)).toMatchObject([
    { $$type: "JobClosedEvent", outcome: amounts.outcome, earned: amounts.earned, fees: amounts.fees },
    { $$type: "BondReleasedEvent", bond: BUDGET / 10n, earned: amounts.earned, outcome: amounts.outcome },
  ]);
  expect(await provider.getProviderState()).toMatchObject({
    bonded: 0n,
    openJobs: 0n,
    stake: STAKE,
    earned: amounts.earned,
  });
}

describe("JobEscrow close", () => {
  it("starts closing, and claims may still arrive until closeAt", async () => {
    const job = await open(world());
    at(60);
    const closed = await close(job);
    expectDone(closed, { out: 2 });
    expectExcess(closed);
    expect(events(closed.transactions)).toEqual([
      { $$type: "JobClosingEvent", closeAt: BigInt(START + 60 + DAY) },
    ]);
    expect(await job.getJobState()).toMatchObject({ state: 4n, closeAt: BigInt(START + 60 + DAY) });

    at(60 + 3_600);
    expectDone(await settleHead(world(), job, { amount: A }), { kept: -netOf(A), out: 3 });
    at(60 + DAY);
    expectRefused(await settleHead(world(), job, { amount: B }), "ErrTooLate");
  });

  it("refuses anyone but the developer, too little value, and a second time", async () => {
    const job = await open(world());
    expectRefused(await close(job, world().operator), "ErrNotDeveloper");
    expectRefused(await close(job, world().developer, 1n), "ErrValueTooLow");
    await close(job);
    expectRefused(await close(job), "ErrJobNotActive");
  });

  it("after the deadline closes no later than expiry would", async () => {
    const job = await open(world());
    at(DEADLINE + 3_600);
    await close(job);
    expect((await job.getJobState()).closeAt).toBe(BigInt(START + DEADLINE + DAY));
  });
});

describe("JobEscrow expire", () => {
  it("starts closing from the deadline on, by anyone, and not a second earlier", async () => {
    const job = await open(world());
    at(DEADLINE - 1);
    expectRefused(await expire(world(), job), "ErrTooEarly");
    at(DEADLINE);
    const short = {
      from: world().stranger,
      to: job.address,
      value: (await job.getMinValueToCloseJob()) - 1n,
    };
    const message = body(storeExpireJob({ $$type: "ExpireJob", queryId: 1n }));
    expectRefused(await deliver(world(), { ...short, body: message }), "ErrValueTooLow");
    const expired = await expire(world(), job);
    expectDone(expired, { out: 2 });
    expectExcess(expired);
    expect((await job.getJobState()).closeAt).toBe(BigInt(START + DEADLINE + DAY));
    expectRefused(await expire(world(), job), "ErrJobNotOpen");
  });
});

describe("JobEscrow finalize", () => {
  it("pays treasury, developer and sender exactly and frees the bond, at closeAt and not earlier", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: A });
    await close(job);
    at(DAY - 1);
    expectRefused(await finalize(world(), job), "ErrTooEarly");
    at(DAY);
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 5 });
    await expectSettledUp(ended, { due: 0n, fees: feeOf(A), earned: A, outcome: 1n });
    expect((await world().provider.getProviderState()).completed).toBe(1n);
  });

  it("reports an expired job as expired", async () => {
    const job = await open(world());
    at(DEADLINE);
    await expire(world(), job);
    at(DEADLINE + DAY);
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 4 });
    await expectSettledUp(ended, { due: 0n, fees: 0n, earned: 0n, outcome: 2n });
    expect((await world().provider.getProviderState()).expired).toBe(1n);
  });

  it("waits for a pending claim, and pays it with the end once it has matured", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: A });
    await close(job);
    at(3_600);
    await settleHead(world(), job, { amount: B, session: null });
    at(DAY);
    expectRefused(await finalize(world(), job), "ErrClaimPending");
    at(3_600 + DAY - 1);
    expectRefused(await finalize(world(), job), "ErrClaimPending");
    at(3_600 + DAY);
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 6 });
    await expectSettledUp(ended, {
      due: netOf(B - A),
      fees: feeOf(A) + feeOf(B - A),
      earned: B,
      outcome: 1n,
    });
  });

  it("needs no closing time to pass twice: it refuses in Active, however late", async () => {
    const job = await open(world());
    at(DEADLINE + 30 * DAY);
    expectRefused(await finalize(world(), job), "ErrJobNotRunning");
  });

  it("ends a job with sixteen lanes of two tranches each at exactly the least value", async () => {
    const job = await open(world());
    const keys = [WORKER, ...Array.from({ length: 15 }, (_, index) => testKey(`lane ${index}`))];
    for (const key of keys.slice(1)) {
      await attest(world(), { key: key.id });
      await syncLane(world(), job.address, key.id);
    }
    for (const worker of keys) {
      await settleHead(world(), job, { amount: 1_000_000n, worker, session: null });
      await settleHead(world(), job, { amount: 2_000_000n, worker, session: null });
    }
    await close(job);
    at(DAY);
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 6 });
    await expectSettledUp(ended, {
      due: netOf(32_000_000n),
      fees: feeOf(32_000_000n),
      earned: 32_000_000n,
      outcome: 1n,
    });
  });
});

describe("JobEscrow release", () => {
  it("ends at once when nothing is pending", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: A });
    const ended = await release(job);
    expectEnded(ended, { out: 5 });
    await expectSettledUp(ended, { due: 0n, fees: feeOf(A), earned: A, outcome: 1n });
  });

  it("refuses while a claim waits that the bond answers for", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: A });
    await settleHead(world(), job, { amount: B, session: null });
    at(DAY - 1);
    expectRefused(await release(job), "ErrClaimPending");
  });

  it("pays what has matured", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: B, session: null });
    at(DAY);
    const ended = await release(job, world().owner);
    expectEnded(ended, { out: 6 });
    await expectSettledUp(ended, { due: netOf(B), fees: feeOf(B), earned: B, outcome: 1n });
  });

  it("refuses the developer, a stranger and too little value", async () => {
    const job = await open(world());
    expectRefused(await release(job, world().developer), "ErrNotOperator");
    expectRefused(await release(job, world().stranger), "ErrNotOperator");
    expectRefused(await release(job, world().operator, 1n), "ErrValueTooLow");
  });
});

describe("JobEscrow forgotten", () => {
  it.each([3, 4, 10])(
    "closes after %i years with nothing claimed; rent comes out of the refund",
    async (years) => {
      const job = await open(world());
      at(years * 365 * DAY);
      await expire(world(), job);
      const ended = await finalize(world(), job);
      expectEnded(ended, { out: 4 });
      await expectSettledUp(ended, { due: 0n, fees: 0n, earned: 0n, outcome: 2n });
    },
  );

  it("still closes at the least value after three years with its whole budget claimed", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: BUDGET, session: null });
    at(3 * 365 * DAY);
    await expire(world(), job);
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 6 });
    await expectSettledUp(ended, { due: netOf(BUDGET), fees: feeOf(BUDGET), earned: BUDGET, outcome: 2n });
  });

  it("after ten years with its whole budget claimed, closes once its sender adds the rent that is owed", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: BUDGET, session: null });
    at(10 * 365 * DAY);
    await expire(world(), job);
    const ended = await deliver(world(), {
      from: world().stranger,
      to: job.address,
      value: (await job.getMinValueToEndJob()) + toNano("0.2"),
      body: body((builder) => builder.storeUint(OP.FinalizeJob, 32).storeUint(1, 64)),
    });
    expectEnded(ended, { out: 5 + 1 });
    expectPaid(ended, world().owner.address, netOf(BUDGET));
    expectPaid(ended, world().treasury.address, feeOf(BUDGET));
    expect((await world().provider.getProviderState()).bonded).toBe(0n);
  });
});
