import {
  storeCancelJob,
  storeCloseJob,
  storeInferenceResult,
  storeReleaseJob,
  storeTopUpJob,
} from "../../../wrappers/messages";
import {
  attest,
  body,
  deliver,
  expire,
  finalize,
  type Job,
  OP,
  open,
  QUERY,
  settleHead,
  syncLane,
  UNDERPAID,
  useWorld,
} from "../../support/actors";
import { events, expectEnded, expectExcess, expectPaid, expectRefused } from "../../support/expect";
import { testKey } from "../../support/keys";
import { DAY, STAKE, START, WORKER } from "../../support/world";
import {
  CALLBACK,
  chainOfCells,
  deliverAnswer,
  openTask,
  PRICE,
  REQUEST,
  RESPONSE,
  TASK_SECONDS,
  taskService,
  text,
} from "./cast";

const world = useWorld();
const TASK = 16n;
const BOND = PRICE / 10n;
const FEE = PRICE / 50n;
const deadline = () => {
  world().chain.now = START + TASK_SECONDS;
};
const stake = async () => {
  const { stake: amount, bonded, openJobs } = await world().provider.getProviderState();
  return { amount, bonded, openJobs };
};
describe("A task opened", () => {
  it("is accepted in the chain of its opening message, keeps price and callback, and names its request", async () => {
    const { job, transactions } = await openTask(world());
    expect(await job.getJobState()).toMatchObject({ state: TASK, budget: PRICE, bond: BOND, closeAt: 0n });
    expect(await stake()).toEqual({ amount: STAKE, bonded: BOND, openJobs: 1n });
    expect(events(transactions).map(({ $$type }) => $$type)).toEqual([
      "JobOpenedEvent",
      "BondReservedEvent",
      "JobAcceptedEvent",
    ]);
    const terms = (await job.getTerms())?.beginParse();
    terms?.skip(8 + 267 + 267);
    expect(terms?.loadBuffer(32)).toEqual(REQUEST.hash());
  });

  it.each([
    ["one nanoton below the least value", { short: 1n }, "ErrValueTooLow"],
    ["no price", { price: 0n }, "ErrBadAmount"],
    ["an acceptBy that has come", { acceptBy: BigInt(START) }, "ErrBadDates"],
    ["a deadline before acceptBy", { deadline: BigInt(START + 1) }, "ErrBadDates"],
    ["a deadline after more than a year", { deadline: BigInt(START + 365 * DAY + 1) }, "ErrBadDates"],
  ])("is refused with %s", async (_case, overrides, code) => {
    expectRefused(await openTask(world(), overrides), code);
  });

  it("is refused to anyone but the developer, and a second time", async () => {
    expectRefused(await openTask(world(), { from: world().stranger }), "ErrNotDeveloper");
    await openTask(world());
    expectRefused(await openTask(world()), "ErrJobNotNew");
  });

  it("is Open when the provider refuses its prices, and gives everything back when cancelled", async () => {
    const { job } = await openTask(world(), { service: taskService({ prices: UNDERPAID }) });
    expect(await job.getJobState()).toMatchObject({ state: 1n });
    const cancelled = await deliver(world(), {
      from: world().developer,
      to: job.address,
      value: await job.getMinValueToEndJob(),
      body: body(storeCancelJob({ $$type: "CancelJob", queryId: QUERY })),
    });
    expectEnded(cancelled, { out: 3 });
    const closed = events(cancelled.transactions)[0];
    expect(closed?.$$type === "JobClosedEvent" && closed.refund > PRICE + CALLBACK).toBe(true);
  });
});

describe("A task delivered", () => {
  let job: Job;
  beforeEach(async () => {
    ({ job } = await openTask(world()));
  });

  it("pays the provider and the fee, sends the answer with its value, and ends, for any carrier", async () => {
    const done = await deliverAnswer(world(), job, { from: world().stranger });
    expectEnded(done, { out: 8 });
    expectPaid(done, world().owner.address, PRICE - FEE);
    expectPaid(done, world().treasury.address, FEE);
    expectExcess(done);
    expect(done.transactions).toHaveTransaction({
      from: job.address,
      to: world().developer.address,
      value: CALLBACK,
      inMessageBounceable: false,
      body: body(
        storeInferenceResult({
          $$type: "InferenceResult",
          queryId: 1n,
          status: 0n,
          responseHash: BigInt(`0x${RESPONSE.hash().toString("hex")}`),
          response: RESPONSE,
        }),
      ),
    });
    expect(events(done.transactions)[0]).toMatchObject({
      $$type: "TaskDeliveredEvent",
      worker: WORKER.id,
      status: 0n,
    });
    expect(await stake()).toEqual({ amount: STAKE, bonded: 0n, openJobs: 0n });
  });

  it("with a failure that the worker signed gives the price back, and costs no bond", async () => {
    const failed = await deliverAnswer(world(), job, { status: 3, response: null });
    expectEnded(failed, { out: 6 });
    expectPaid(failed, world().owner.address, 0n);
    expect(await stake()).toEqual({ amount: STAKE, bonded: 0n, openJobs: 0n });
  });

  it("costs all parties together at most 0.015 TON, wallets included", async () => {
    const before = await totals();
    const { job: task } = await openTask(world(), { nonce: 5n });
    await deliverAnswer(world(), task);
    const cost = before - (await totals());
    expect(cost).toBeLessThan(15_000_000n);
  });

  async function totals(): Promise<bigint> {
    const { developer, owner, operator, treasury, provider } = world();
    const accounts = [developer, owner, operator, treasury, provider];
    const held = await Promise.all(accounts.map(({ address }) => world().chain.getContract(address)));
    return held.reduce((sum, { balance }) => sum + balance, 0n);
  }

  it("without callback sends no answer", async () => {
    const { job: quiet } = await openTask(world(), {
      nonce: 2n,
      callback: 0n,
      service: taskService({ callback: 0n }),
    });
    const done = await deliverAnswer(world(), quiet);
    expectEnded(done, { out: 7 });
    expect(done.transactions).not.toHaveTransaction({ op: OP.InferenceResult });
  });

  it("takes up to 66 cells of answer, at exactly their price, and no more", async () => {
    const response = chainOfCells(66);
    expectRefused(await deliverAnswer(world(), job, { response: chainOfCells(67), least: 100_000_000n }), 8);
    expectRefused(await deliverAnswer(world(), job, { response, short: 1n }), "ErrValueTooLow");
    const done = await deliverAnswer(world(), job, { response });
    expectEnded(done, { out: 8 });
  });

  it.each([
    ["one nanoton below the least value", { short: 1n }, "ErrValueTooLow"],
    ["signed by somebody else", { signer: testKey("somebody else") }, "ErrBadWorkerSignature"],
    ["of a worker without lane", { key: testKey("somebody else") }, "ErrNoSuchLane"],
    ["to another request", { request: text("other") }, "ErrBadWorkerSignature"],
    ["signed for another network", { networkId: -3 }, "ErrBadWorkerSignature"],
    ["with another response than signed", { responseHash: text("5").hash() }, "ErrOtherResponse"],
    ["issued before the opening", { issuedAt: START - 1 }, "ErrBadDates"],
    ["issued after its attestation", { issuedAt: START + DAY + 1 }, "ErrAttestationEnded"],
  ])("is refused %s", async (_case, given, code) => {
    expectRefused(await deliverAnswer(world(), job, given), code);
    expect(await job.getJobState()).toMatchObject({ state: TASK });
  });

  it("is taken until an hour after its worker's attestation has ended, and not a second later", async () => {
    const { job: long } = await openTask(world(), { nonce: 2n, deadline: BigInt(START + 3 * DAY) });
    const signed = { issuedAt: START + DAY };
    const { job: longer } = await openTask(world(), { nonce: 3n, deadline: BigInt(START + 3 * DAY) });
    world().chain.now = START + DAY + 3_600;
    expectEnded(await deliverAnswer(world(), long, signed), { out: 8 });
    world().chain.now = START + DAY + 3_601;
    expectRefused(await deliverAnswer(world(), longer, signed), "ErrAttestationEnded");
  });

  it("is refused when it was signed for another task, and where there is none", async () => {
    const { job: other } = await openTask(world(), { nonce: 2n });
    expectRefused(await deliverAnswer(world(), job, { signedFor: other.address }), "ErrBadWorkerSignature");
    const session = await open(world(), {}, 3n);
    expectRefused(await deliverAnswer(world(), session), "ErrJobNotTask");
  });

  it("by a worker that took over: the operator opens its lane", async () => {
    const second = testKey("second worker");
    await attest(world(), { key: second.id });
    await syncLane(world(), job.address, second.id);
    expectEnded(await deliverAnswer(world(), job, { key: second }), { out: 8 });
  });

  it("cannot be settled, closed, released, topped up or finalised: it is delivered or late", async () => {
    expectRefused(await settleHead(world(), job, { amount: PRICE, session: null }), "ErrTooLate");
    expectRefused(await finalize(world(), job), "ErrJobNotRunning");
    const value = PRICE + (await job.getMinValueToEndJob());
    const messages = [
      [world().developer, body(storeCloseJob({ $$type: "CloseJob", queryId: QUERY })), "ErrJobNotActive"],
      [world().operator, body(storeReleaseJob({ $$type: "ReleaseJob", queryId: QUERY })), "ErrJobNotRunning"],
      [
        world().developer,
        body(storeTopUpJob({ $$type: "TopUpJob", queryId: QUERY, amount: 1n })),
        "ErrJobNotActive",
      ],
      [world().developer, body(storeCancelJob({ $$type: "CancelJob", queryId: QUERY })), "ErrJobNotOpen"],
    ] as const;
    for (const [from, content, code] of messages) {
      expectRefused(await deliver(world(), { from, to: job.address, value, body: content }), code);
    }
  });
});

describe("A task that is late", () => {
  it("is refused from its deadline on; anyone ends it, and the developer gets price and bond", async () => {
    const { job } = await openTask(world());
    world().chain.now = START + TASK_SECONDS - 1;
    expectRefused(await expire(world(), job), "ErrTooEarly");
    deadline();
    expectRefused(await deliverAnswer(world(), job), "ErrTooLate");
    const expired = await expire(world(), job);
    expectEnded(expired, { out: 4 });
    expect(expired.transactions).toHaveTransaction({
      from: world().provider.address,
      to: world().developer.address,
      op: OP.Penalty,
      value: BOND,
    });
    const closed = events(expired.transactions).find(({ $$type }) => $$type === "JobClosedEvent");
    expect(closed).toMatchObject({ outcome: 4n, earned: 0n });
    expect(closed?.$$type === "JobClosedEvent" && closed.refund > PRICE + CALLBACK).toBe(true);
    expect(await stake()).toEqual({ amount: STAKE - BOND, bonded: 0n, openJobs: 0n });
  });

  it("counts until the second before, by a worker whose attestation has just ended", async () => {
    const { job } = await openTask(world(), { deadline: BigInt(START + 2 * DAY) });
    world().chain.now = START + DAY + 3_600;
    expectEnded(await deliverAnswer(world(), job, { issuedAt: START + DAY }), { out: 8 });
    const { job: second } = await openTask(world(), { nonce: 2n, worker: 0n });
    expectRefused(await deliverAnswer(world(), second), "ErrNoSuchLane");
  });
});
