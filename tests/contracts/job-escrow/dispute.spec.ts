import { contestedClaims, disputeBond, sumOfClaims } from "../../../wrappers/contested";
import { storeDisputeClaim, storeReleaseJob, storeResolveDispute } from "../../../wrappers/messages";
import {
  body,
  deliver,
  expire,
  finalize,
  type Job,
  open,
  QUERY,
  releaseClaims,
  settleHead,
  UNDERPAID,
  useWorld,
  type Wallet,
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
import { LIES, prove } from "../../support/lies";
import { BUDGET, DAY, START, service } from "../../support/world";
import { openTask } from "../tasks/cast";

const world = useWorld();
const CLAIM = 400_000_000n;
const BOND = CLAIM / 10n;
const netOf = (gross: bigint) => gross - (gross * 200n) / 10_000n;
const at = (seconds: number) => {
  world().chain.now = START + seconds;
};

async function dispute(
  job: Job,
  {
    from = world().developer,
    bond = BOND,
    short = 0n,
  }: { from?: Wallet; bond?: bigint; short?: bigint } = {},
) {
  return deliver(world(), {
    from,
    to: job.address,
    value: bond + (await job.getMinValueToDispute()) - short,
    body: body(storeDisputeClaim({ $$type: "DisputeClaim", queryId: QUERY })),
  });
}

async function resolve(
  job: Job,
  bps: bigint,
  { from = world().guardian, short = 0n }: { from?: Wallet; short?: bigint } = {},
) {
  return deliver(world(), {
    from,
    to: job.address,
    value: (await job.getMinValueToResolveDispute()) - short,
    body: body(storeResolveDispute({ $$type: "ResolveDispute", queryId: QUERY, bps })),
  });
}

async function release(job: Job) {
  return deliver(world(), {
    from: world().owner,
    to: job.address,
    value: await job.getMinValueToEndJob(),
    body: body(storeReleaseJob({ $$type: "ReleaseJob", queryId: QUERY })),
  });
}

/** A job with a claim of an hour ago; disputed at 3600, closing until a day later, ruled about until two. */
async function disputed(): Promise<Job> {
  const job = await open(world());
  await settleHead(world(), job, { amount: CLAIM, session: null });
  at(3_600);
  expectDone(await dispute(job), { kept: BOND, out: 2 });
  return job;
}
const CLOSE_AT = 3_600 + DAY;
const ENDS_AT = CLOSE_AT + DAY;

describe("JobEscrow dispute", () => {
  it("by the developer closes the job and keeps a tenth of the claim as bond, at exactly the least value", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(3_600);
    expectRefused(await dispute(job, { short: 1n }), "ErrValueTooLow");
    const sent = await dispute(job);
    expectDone(sent, { kept: BOND, out: 2 });
    expectExcess(sent);
    expect(events(sent.transactions)).toEqual([
      {
        $$type: "ClaimDisputedEvent",
        contested: CLAIM,
        bond: BOND,
        closeAt: BigInt(START + CLOSE_AT),
        endsAt: BigInt(START + ENDS_AT),
      },
    ]);
    expect(await job.getJobState()).toMatchObject({ state: 5n, closeAt: BigInt(START + CLOSE_AT) });
    expect(await job.getDispute()).toMatchObject({
      at: BigInt(START + 3_600),
      endsAt: BigInt(START + ENDS_AT),
      bond: BOND,
    });
  });

  it("by anyone else is refused, and so is one without a claim that waits, or a second one", async () => {
    const job = await open(world());
    expectRefused(await dispute(job), "ErrNothingToDispute");
    await settleHead(world(), job, { amount: CLAIM });
    expectRefused(await dispute(job), "ErrNothingToDispute");
    await settleHead(world(), job, { amount: 2n * CLAIM, session: null });
    for (const from of [world().owner, world().operator, world().guardian, world().stranger]) {
      expectRefused(await dispute(job, { from }), "ErrNotDeveloper");
    }
    at(DAY - 1);
    await dispute(job);
    expectRefused(await dispute(job), "ErrJobNotRunning");
  });

  it("from the second on at which the claim matures is refused: it is final", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(DAY);
    expectRefused(await dispute(job), "ErrNothingToDispute");
  });

  it("is refused in New, Open and Task", async () => {
    const job = await world().job(1n);
    const sent = async (to: Job) =>
      deliver(world(), {
        from: world().developer,
        to: to.address,
        value: BUDGET,
        body: body(storeDisputeClaim({ $$type: "DisputeClaim", queryId: QUERY })),
        ...(to.init === undefined ? {} : { init: to.init }),
      });
    expectRefused(await sent(job), "ErrJobNotRunning");
    expectRefused(
      await sent(await open(world(), { service: service(undefined, UNDERPAID) })),
      "ErrJobNotRunning",
    );
    expectRefused(await sent((await openTask(world(), { nonce: 2n })).job), "ErrJobNotRunning");
  });

  it("while closing moves no date of the closing", async () => {
    const job = await open(world());
    const value = await job.getMinValueToCloseJob();
    await job.send(world().developer.getSender(), { value }, { $$type: "CloseJob", queryId: QUERY });
    at(7_200);
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(10_800);
    await dispute(job);
    expect((await job.getJobState()).closeAt).toBe(BigInt(START + DAY));
    expect((await job.getDispute())?.endsAt).toBe(BigInt(START + 2 * DAY));
  });

  it("after closeAt is still possible, as long as the claim waits", async () => {
    const job = await open(world());
    const value = await job.getMinValueToCloseJob();
    await job.send(world().developer.getSender(), { value }, { $$type: "CloseJob", queryId: QUERY });
    at(7_200);
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(DAY + 7_199);
    expectDone(await dispute(job), { kept: BOND, out: 2 });
    expect((await job.getDispute())?.endsAt).toBe(BigInt(START + 2 * DAY));
  });
});

describe("What a dispute contests", () => {
  it.each([
    ["before the first claim matures", DAY - 1, 2n],
    ["once the first has matured", DAY, 1n],
    ["a second before the last matures", DAY + 43_199, 1n],
  ])("is told beforehand from the lanes as the contract reckons it, %s", async (_when, time, waiting) => {
    const job = await open(world());
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(43_200);
    await settleHead(world(), job, { amount: 2n * CLAIM, session: null, issuedAt: START + 43_200 });
    at(time);
    const contested = sumOfClaims(contestedClaims(await job.getLanes(), START + time));
    expect(contested).toBe(waiting * CLAIM);
    const { transactions } = await dispute(job, { bond: disputeBond(contested) });
    expect(events(transactions)).toMatchObject([{ contested, bond: disputeBond(contested) }]);
    expect(sumOfClaims(contestedClaims(await job.getLanes(), START + DAY + 43_200))).toBe(0n);
  });
});

describe("JobEscrow while a claim is disputed", () => {
  it("pays no disputed claim on its date: not by release, by the next head, or by an end", async () => {
    const job = await disputed();
    at(CLOSE_AT - 1);
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
    const more = await settleHead(world(), job, { amount: CLAIM + 10n, session: null });
    expectDone(more, { out: 2 });
    at(CLOSE_AT);
    expectRefused(await finalize(world(), job), "ErrClaimPending");
    expectRefused(await release(job), "ErrClaimPending");
    expectRefused(await expire(world(), job), "ErrJobNotOpen");
  });

  it("takes further claims until closeAt, and holds them as well", async () => {
    const job = await disputed();
    at(7_200);
    expectDone(await settleHead(world(), job, { amount: CLAIM + 10n, session: null }), { out: 2 });
    at(DAY + 3_599);
    expect((await job.getJobState()).paid).toBe(0n);
    at(CLOSE_AT);
    expectRefused(await settleHead(world(), job, { amount: CLAIM + 20n, session: null }), "ErrTooLate");
  });

  it("pays what the developer co-signs after all, at once", async () => {
    const job = await disputed();
    expectDone(await settleHead(world(), job, { amount: CLAIM }), { kept: -netOf(CLAIM), out: 3 });
    at(CLOSE_AT);
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 5 });
    const fee = CLAIM - netOf(CLAIM);
    expectPaid(ended, world().developer.address, ended.before.balance - storageFee(ended.tx) - fee, "Refund");
  });

  it("pays what had matured before the dispute", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(3_600);
    await settleHead(world(), job, { amount: 2n * CLAIM, session: null });
    at(DAY + 60);
    await dispute(job);
    at(DAY + 3_600);
    expectDone(await releaseClaims(world(), job), { kept: -netOf(CLAIM), out: 3 });
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
  });

  it("ends by a proved lie like any other job, and the developer has its bond back", async () => {
    const job = await disputed();
    const write = LIES["a head dearer than its last receipt"];
    if (write === undefined) {
      throw new Error("There is no such lie.");
    }
    const proved = await prove(world(), job, write(job.address));
    expectEnded(proved, { out: 3 });
    expectPaid(proved, world().developer.address, proved.before.balance - storageFee(proved.tx), "Refund");
  });
});

describe("JobEscrow and the arbiter's word", () => {
  it.each([
    ["none of it", 0n],
    ["a quarter of it", 2_500n],
    ["all of it", 10_000n],
  ] as const)("gives the provider %s: claim and bond go the same way, to the nanoton", async (_, bps) => {
    const job = await disputed();
    at(CLOSE_AT);
    expectRefused(await resolve(job, bps, { short: 1n }), "ErrValueTooLow");
    const ruled = await resolve(job, bps);
    const award = ((CLAIM + BOND) * bps) / 10_000n;
    const fee = (award * 200n) / 10_000n;
    expectPaid(ruled, world().owner.address, award - fee);
    expectPaid(ruled, world().treasury.address, fee);
    expectPaid(
      ruled,
      world().developer.address,
      ruled.before.balance - storageFee(ruled.tx) - award,
      "Refund",
    );
    expectExcess(ruled);
    expect(events(ruled.transactions)).toMatchObject([
      { $$type: "DisputeResolvedEvent", contested: CLAIM, bps },
      { $$type: "JobClosedEvent", outcome: 1n, earned: award, fees: fee },
      { $$type: "BondReleasedEvent", outcome: 1n },
    ]);
    expect(await world().provider.getProviderState()).toMatchObject({
      bonded: 0n,
      openJobs: 0n,
      slashed: 0n,
    });
  });

  it("reaches nothing that was co-signed or had matured", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: CLAIM });
    await settleHead(world(), job, { amount: 2n * CLAIM, session: null });
    at(3_600);
    await settleHead(world(), job, { amount: 3n * CLAIM, session: null });
    at(DAY);
    await dispute(job);
    at(2 * DAY);
    const ruled = await resolve(job, 0n);
    expectPaid(ruled, world().owner.address, netOf(CLAIM)); // what had matured; the co-signed part was paid before
    expect(events(ruled.transactions)).toMatchObject([
      { contested: CLAIM, bps: 0n },
      { $$type: "JobClosedEvent", earned: 2n * CLAIM },
      {},
    ]);
  });

  it("is refused before closeAt, from endsAt on, from anyone else, above the whole, and without a dispute", async () => {
    expectRefused(await resolve(await open(world(), {}, 2n), 0n), "ErrJobNotDisputed");
    const job = await disputed();
    at(CLOSE_AT - 1);
    expectRefused(await resolve(job, 0n), "ErrTooEarly");
    at(CLOSE_AT);
    for (const from of [world().developer, world().owner, world().governor, world().stranger]) {
      expectRefused(await resolve(job, 0n, { from }), "ErrNotArbiter");
    }
    expectRefused(await resolve(job, 10_001n), "ErrBadAmount");
    at(ENDS_AT);
    expectRefused(await resolve(job, 0n), "ErrTooLate");
  });

  it("at the last second ends the job; a second word finds none", async () => {
    const job = await disputed();
    const value = await job.getMinValueToResolveDispute();
    at(ENDS_AT - 1);
    expectEnded(await resolve(job, 5_000n), { out: 7 });
    const again = await deliver(world(), {
      from: world().guardian,
      to: job.address,
      value,
      body: body(storeResolveDispute({ $$type: "ResolveDispute", queryId: QUERY, bps: 0n })),
    });
    expect(again.transactions).toHaveTransaction({ from: job.address, inMessageBounced: true });
  });

  it("that is never spoken changes nothing: from endsAt on every claim stands, and the bond is the developer's", async () => {
    const job = await disputed();
    at(ENDS_AT - 1);
    expectRefused(await finalize(world(), job), "ErrClaimPending");
    at(ENDS_AT);
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 6 });
    expectPaid(ended, world().owner.address, netOf(CLAIM));
    expectPaid(
      ended,
      world().developer.address,
      ended.before.balance - storageFee(ended.tx) - CLAIM,
      "Refund",
    );
  });
});
