import type { Address } from "@ton/core";
import { internal } from "@ton/sandbox";
import {
  storeBondReserved,
  storeCancelJob,
  storeOpenJob,
  storeRequestAcceptance,
} from "../../../wrappers/messages";
import {
  arrival,
  body,
  deliver,
  deliverOpen,
  expire,
  type Job,
  OP,
  open,
  QUERY,
  UNDERPAID,
  useWorld,
} from "../../support/actors";
import {
  events,
  exitCode,
  expectDone,
  expectEnded,
  expectExcess,
  expectPaid,
  expectRefused,
  storageFee,
} from "../../support/expect";
import { BUDGET, DAY, openJob, START, service, WORKER } from "../../support/world";
import { PRICE_LISTS } from "../fuzz/prices";

const world = useWorld();
const DEARER = PRICE_LISTS[1].config;
const ACCEPTING = 2n;
const BOND = BUDGET / 10n;

async function rawOpen(
  overrides: Parameters<typeof openJob>[1],
  { short = 0n, from = world().developer } = {},
) {
  const job = await world().job(1n);
  const message = openJob(world(), overrides);
  const value = message.budget + (await world().network.getMinValueToOpenJob()) - short;
  return deliver(world(), {
    from,
    to: job.address,
    value,
    body: body(storeOpenJob(message)),
    ...(job.init === undefined ? {} : { init: job.init }),
  });
}

function requestAcceptance(job: Job, from = world().operator, short = 0n) {
  return job.getMinValueToRequestAcceptance().then((least) =>
    deliver(world(), {
      from,
      to: job.address,
      value: least - short,
      body: body(storeRequestAcceptance({ $$type: "RequestAcceptance", queryId: QUERY, worker: WORKER.id })),
    }),
  );
}

describe("JobEscrow open", () => {
  it("becomes Active in the chain of its opening message when the provider's offer matches", async () => {
    const job = await world().job(1n);
    const opened = await deliverOpen(world(), job);

    expect(opened.transactions).toHaveTransaction({
      from: world().developer.address,
      to: job.address,
      op: OP.OpenJob,
      deploy: true,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expect(opened.transactions).toHaveTransaction({
      from: job.address,
      to: world().provider.address,
      op: OP.ReserveBond,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expect(opened.transactions).toHaveTransaction({
      from: world().provider.address,
      to: job.address,
      op: OP.BondReserved,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expectExcess(opened);
    expect(events(opened.transactions).map(({ $$type }) => $$type)).toEqual([
      "JobOpenedEvent",
      "BondReservedEvent",
      "JobAcceptedEvent",
    ]);
    expect(await job.getJobState()).toMatchObject({ state: 3n, budget: BUDGET, bond: BOND, paid: 0n });
    expect((await job.getLanes()).keys()).toEqual([WORKER.id]);
    expect(opened.after.balance).toBeGreaterThan(BUDGET);
    expect(await world().provider.getProviderState()).toMatchObject({
      bonded: BOND,
      openJobs: 1n,
      accepted: 1n,
    });
  });

  it("has no lane when it is opened without a worker", async () => {
    const job = await open(world(), { worker: 0n });
    expect((await job.getJobState()).state).toBe(3n);
    expect((await job.getLanes()).size).toBe(0);
  });

  it("refuses to be opened by anyone but the developer that its address was made from", async () => {
    expectRefused(await rawOpen({}, { from: world().stranger }), "ErrNotDeveloper");
  });

  it("refuses one nanoton below the least value, and is not created", async () => {
    const delivery = await rawOpen({}, { short: 1n });
    expectRefused(delivery, "ErrValueTooLow");
  });

  it.each([
    ["a kind of job that does not exist", { kind: 1n }, "ErrUnknownKind"],
    ["a budget of zero", { budget: 0n }, "ErrBadAmount"],
    ["an acceptance date that has come", { acceptBy: BigInt(START) }, "ErrBadDates"],
    ["an acceptance date after the deadline", { acceptBy: BigInt(START + 8 * DAY) }, "ErrBadDates"],
    ["a deadline more than a year ahead", { deadline: BigInt(START + 365 * DAY + 1) }, "ErrBadDates"],
  ])("refuses %s", async (_case, overrides, code) => {
    expectRefused(await rawOpen(overrides), code);
  });

  it("takes a deadline exactly a year ahead", async () => {
    const job = await open(world(), { deadline: BigInt(START + 365 * DAY) });
    expect((await job.getJobState()).state).toBe(3n);
  });

  it("refuses a second opening and keeps its terms", async () => {
    const job = await open(world());
    expectRefused(await deliverOpen(world(), job, { budget: BUDGET * 2n }), "ErrJobNotNew");
    expect((await job.getJobState()).budget).toBe(BUDGET);
  });
});

describe("JobEscrow acceptance after a refusal", () => {
  const refused = () => open(world(), { service: service(undefined, UNDERPAID) });

  it("is accepted when the operator asks, whatever the offers say", async () => {
    const job = await refused();
    const asked = await requestAcceptance(job);

    expectDone(asked, { out: 1 });
    expect(asked.transactions).toHaveTransaction({
      from: world().provider.address,
      to: job.address,
      op: OP.BondReserved,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expectExcess(asked, world().operator.address);
    expect((await job.getJobState()).state).toBe(3n);
  });

  it("is refused again when a stranger asks, and goes back to Open", async () => {
    const job = await refused();
    const asked = await requestAcceptance(job, world().stranger);

    expect(asked.transactions).toHaveTransaction({
      from: job.address,
      to: world().provider.address,
      op: OP.ReserveBond,
      aborted: true,
      exitCode: 706,
    });
    expect((await job.getJobState()).state).toBe(1n);
  });

  it("is refused with a worker of another model, though the operator asks", async () => {
    const job = await open(world(), { service: service(0x5555n), worker: 0n });
    const asked = await requestAcceptance(job);
    expect(asked.transactions).toHaveTransaction({
      to: world().provider.address,
      op: OP.ReserveBond,
      aborted: true,
      exitCode: exitCode("ErrWrongModel"),
    });
    expect((await job.getJobState()).state).toBe(1n);
  });

  it("refuses a request one nanoton below the least value", async () => {
    expectRefused(await requestAcceptance(await refused(), world().operator, 1n), "ErrValueTooLow");
  });

  it("refuses a request from acceptBy on", async () => {
    const job = await refused();
    world().chain.now = START + DAY;
    expectRefused(await requestAcceptance(job), "ErrTooLate");
  });

  it("refuses a request once it is Active", async () => {
    expectRefused(await requestAcceptance(await open(world())), "ErrJobNotOpen");
  });
});

describe("JobEscrow while a provider's answer is on its way", () => {
  async function waiting() {
    const { developer, chain } = world();
    const job = await world().job(1n);
    const message = openJob(world());
    const iterator = await chain.sendMessageIter(
      await developerMessage(job, message.budget + (await world().network.getMinValueToOpenJob())),
      { allowParallel: true },
    );
    await iterator.next(); // the job has asked its provider; nothing has arrived there
    expect((await job.getJobState()).state).toBe(ACCEPTING);
    return { job, iterator, developer };
  }

  async function developerMessage(job: Job, value: bigint) {
    return internal({
      from: world().developer.address,
      to: job.address,
      value,
      body: body(storeOpenJob(openJob(world()))),
      ...(job.init === undefined ? {} : { stateInit: job.init }),
    });
  }

  it("cannot be cancelled, asked again or opened again, and becomes Active when the answer comes", async () => {
    const { job, iterator, developer } = await waiting();
    const value = await job.getMinValueToEndJob();
    const cancel = body(storeCancelJob({ $$type: "CancelJob", queryId: QUERY }));
    expectRefused(
      await deliver(world(), { from: developer, to: job.address, value, body: cancel }),
      "ErrJobNotOpen",
    );
    expectRefused(await requestAcceptance(job), "ErrJobNotOpen");
    expectRefused(await deliverOpen(world(), job), "ErrJobNotNew");

    for await (const _tx of iterator) {
      // the rest of the chain
    }
    expect((await job.getJobState()).state).toBe(3n);
  });

  it("is expired a day after acceptBy and not a second earlier", async () => {
    const { job } = await waiting();
    world().chain.now = START + 2 * DAY - 1;
    expectRefused(await expire(world(), job), "ErrTooEarly");
    world().chain.now = START + 2 * DAY;
    expectEnded(await expire(world(), job), { out: 3 });
  });

  it("locks nothing when gas has become dearer on the way, and is expired as one that nobody answered", async () => {
    const { job, iterator } = await waiting();
    world().chain.setConfig(DEARER);
    const codes = [];
    for await (const { description } of iterator) {
      codes.push(
        description.type === "generic" && description.computePhase.type === "vm"
          ? description.computePhase.exitCode
          : undefined,
      );
    }
    expect(codes[0]).toBe(exitCode("ErrValueTooLow"));
    expect(await world().provider.getProviderState()).toMatchObject({ bonded: 0n, openJobs: 0n });
    // What is left of the value does not pay for the bounce.
    expect((await job.getJobState()).state).toBe(ACCEPTING);
    world().chain.now = START + 2 * DAY;
    const expired = await expire(world(), job);
    expectEnded(expired, { out: 3 });
    expectPaid(expired, world().developer.address, expired.before.balance - storageFee(expired.tx), "Refund");
  });

  it("believes a bounce of its provider's alone, and of the present life of its address", async () => {
    const { job } = await waiting();
    expect(await bounceFrom(job, world().operator.address)).toBe(exitCode("ErrNotProviderStake"));
    expect((await job.getJobState()).state).toBe(ACCEPTING);
    const running = await open(world(), {}, 2n);
    expect(await bounceFrom(running, world().provider.address)).toBe(exitCode("ErrJobNotAccepting"));
    expect((await running.getJobState()).state).toBe(3n);
  });

  /** The exit code that a bounced `ReserveBond` ends with. */
  async function bounceFrom(job: Job, from: Address) {
    const returned = body((builder) =>
      builder.storeUint(0xff_ff_ff_ff, 32).storeUint(OP.ReserveBond, 32).storeUint(QUERY, 64),
    );
    const { transactions } = await world().chain.sendMessage(
      internal({ from, to: job.address, value: BOND, body: returned, bounced: true, bounce: false }),
    );
    const { description } = arrival(transactions, from, job.address);
    return description.type === "generic" && description.computePhase.type === "vm"
      ? description.computePhase.exitCode
      : undefined;
  }

  it("refuses the bond of anyone but its provider", async () => {
    const { job } = await waiting();
    expectRefused(await forgedBond(job), "ErrNotProviderStake");
  });

  it("refuses a bond when it waits for none", async () => {
    expectRefused(await forgedBond(await open(world())), "ErrJobNotAccepting");
  });

  function forgedBond(job: Job) {
    return deliver(world(), {
      from: world().operator,
      to: job.address,
      value: BUDGET,
      body: body(
        storeBondReserved({
          $$type: "BondReserved",
          queryId: QUERY,
          bond: 0n,
          worker: WORKER.id,
          workerExpiresAt: BigInt(START + 365 * DAY),
          requester: world().operator.address,
          rules: body(() => undefined),
        }),
      ),
    });
  }
});
