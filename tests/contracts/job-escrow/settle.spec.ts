import { type Address, toNano } from "@ton/core";
import { storeSettle } from "../../../wrappers/messages";
import {
  attest,
  body,
  deliver,
  expire,
  type Job,
  open,
  settleHead,
  syncLane,
  useWorld,
} from "../../support/actors";
import { events, expectDone, expectExcess, expectPaid, expectRefused } from "../../support/expect";
import { settle } from "../../support/heads";
import { testKey } from "../../support/keys";
import { BUDGET, DAY, START, WORKER } from "../../support/world";

const world = useWorld();
const HALF = toNano("0.5");
const feeOf = (gross: bigint) => (gross * 200n) / 10_000n;
const netOf = (gross: bigint) => gross - feeOf(gross);
const SECOND = testKey("second worker");

/** A job whose lanes are the world's worker's and a second worker's. */
async function twoLanes(): Promise<Job> {
  const job = await open(world());
  await attest(world(), { key: SECOND.id });
  await syncLane(world(), job.address, SECOND.id);
  expect((await job.getLanes()).size).toBe(2);
  return job;
}

describe("JobEscrow settle, co-signed", () => {
  it("pays the difference to the provider's owner at once, less the exact fee, whoever carries it", async () => {
    const job = await open(world());
    const settled = await settleHead(world(), job, { amount: HALF }, world().stranger);

    expectDone(settled, { kept: -netOf(HALF), out: 3 });
    expectPaid(settled, world().owner.address, netOf(HALF));
    expectExcess(settled, world().stranger.address);
    expect(events(settled.transactions)).toMatchObject([
      { $$type: "HeadSettledEvent", worker: WORKER.id, amount: HALF, cosigned: true, paid: HALF },
    ]);
    expect(await job.getJobState()).toMatchObject({ committed: HALF, paid: HALF, feesOwed: feeOf(HALF) });
    expect((await job.getLanes()).get(WORKER.id)).toMatchObject({ settled: HALF, maturing: 0n, latest: 0n });
  });

  it("rounds the fee down, so that a claim of 49 nanoton pays none", async () => {
    const job = await open(world());
    const settled = await settleHead(world(), job, { amount: 49n });
    expectDone(settled, { kept: -49n, out: 3 });
    expectPaid(settled, world().owner.address, 49n);
    expect((await job.getJobState()).feesOwed).toBe(0n);
  });

  it("pays only what a later head adds", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: HALF });
    const second = await settleHead(world(), job, { amount: HALF + 1_000n, size: 2 });
    expectDone(second, { kept: -netOf(1_000n), out: 3 });
    expectPaid(second, world().owner.address, netOf(1_000n));
  });

  it("pays nothing for a replay", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: HALF });
    expectRefused(await settleHead(world(), job, { amount: HALF }), "ErrAmountNotGrowing");
  });

  it("pays nothing for an older head that comes late", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: HALF, size: 2 });
    expectRefused(await settleHead(world(), job, { amount: HALF - 1n }), "ErrAmountNotGrowing");
  });

  it("pays lanes apart, to the budget and not a nanoton beyond it", async () => {
    const job = await twoLanes();
    await settleHead(world(), job, { amount: HALF });
    expectRefused(
      await settleHead(world(), job, { amount: BUDGET - HALF + 1n, worker: SECOND }),
      "ErrOverBudget",
    );
    const rest = await settleHead(world(), job, { amount: BUDGET - HALF, worker: SECOND });
    expectDone(rest, { kept: -netOf(BUDGET - HALF), out: 3 });
    expect(await job.getJobState()).toMatchObject({ committed: BUDGET, paid: BUDGET });
    expectRefused(await settleHead(world(), job, { amount: HALF + 1n }), "ErrOverBudget");
  });

  it("counts a pending claim of one lane against the budget of another", async () => {
    const job = await twoLanes();
    await settleHead(world(), job, { amount: HALF, session: null });
    expectRefused(
      await settleHead(world(), job, { amount: BUDGET - HALF + 1n, worker: SECOND }),
      "ErrOverBudget",
    );
  });
});

describe("JobEscrow settle, who signed", () => {
  const other = testKey("somebody else");
  const cases: [string, Parameters<typeof settleHead>[2], string][] = [
    ["a worker without a lane", { amount: HALF, worker: other }, "ErrNoSuchLane"],
    ["a session key that is not the job's", { amount: HALF, session: other }, "ErrBadSessionSignature"],
    ["the worker's own key as session key", { amount: HALF, session: WORKER }, "ErrBadSessionSignature"],
    ["a head for another network", { amount: HALF, networkId: -3 }, "ErrBadWorkerSignature"],
    ["a head from before the job was opened", { amount: HALF, issuedAt: START - 1 }, "ErrBadDates"],
    ["a head of nothing", { amount: 0n }, "ErrAmountNotGrowing"],
    ["a worker-only head of nothing", { amount: 0n, session: null }, "ErrAmountNotGrowing"],
    [
      "a head issued after the attestation ends",
      { amount: 1n, issuedAt: START + DAY + 1 },
      "ErrAttestationEnded",
    ],
  ];
  it.each(cases)("refuses %s", async (_case, head, code) => {
    const job = await open(world());
    expectRefused(await settleHead(world(), job, head), code);
  });

  it("refuses a head of another job of the same developer and worker", async () => {
    const job = await open(world());
    const other = await open(world(), {}, 2n);
    expectRefused(await carry(job, settle({ job: other.address, amount: HALF })), "ErrBadWorkerSignature");
  });

  it("refuses a head that another worker of the same job signed", async () => {
    const job = await twoLanes();
    const head = settle({ job: job.address, amount: HALF, worker: SECOND });
    expectRefused(await carry(job, { ...head, worker: WORKER.id }), "ErrBadWorkerSignature");
  });

  it.each(["amount", "size", "root", "issuedAt"] as const)(
    "refuses a head whose %s was changed",
    async (field) => {
      const job = await open(world());
      const head = settle({ job: job.address, amount: HALF });
      expectRefused(await carry(job, { ...head, [field]: head[field] + 1n }), "ErrBadWorkerSignature");
    },
  );

  it("refuses a co-signature of another head", async () => {
    const job = await open(world());
    const { cosignature } = settle({ job: job.address, amount: HALF });
    const head = settle({ job: job.address, amount: HALF + 1n });
    expectRefused(await carry(job, { ...head, cosignature }), "ErrBadSessionSignature");
  });

  it("refuses a signature that is cut short", async () => {
    const job = await open(world());
    const head = settle({ job: job.address, amount: HALF });
    const signature = body((builder) => builder.storeUint(1, 8));
    expectRefused(await carry(job, { ...head, signature }), 9);
  });

  it("refuses one nanoton below the least value", async () => {
    const job = await open(world());
    expectRefused(await carry(job, settle({ job: job.address, amount: HALF }), 1n), "ErrValueTooLow");
  });

  it("refuses a head of an earlier job at the same address", async () => {
    const first = await open(world());
    const head = settle({ job: first.address, amount: HALF, issuedAt: START + 60 });
    await endJob(first);
    world().chain.now = START + 3_600;
    const again = await open(world());
    expect(again.address.equals(first.address)).toBe(true);
    expectRefused(await carry(again, head), "ErrBadDates");
  });

  async function carry(job: Job, head: ReturnType<typeof settle>, short = 0n) {
    const value = (await job.getMinValueToSettle()) - short;
    return deliver(world(), {
      from: world().operator,
      to: job.address,
      value,
      body: body(storeSettle(head)),
    });
  }

  async function endJob(job: Job) {
    await job.send(
      world().operator.getSender(),
      { value: await job.getMinValueToEndJob() },
      { $$type: "ReleaseJob", queryId: 1n },
    );
    expect(await exists(job.address)).toBe(false);
  }

  async function exists(address: Address) {
    return (await world().chain.getContract(address)).accountState?.type === "active";
  }
});

describe("JobEscrow settle, dates", () => {
  it("takes a head that was signed before the attestation ended until the end of the grace", async () => {
    const job = await open(world());
    const head = { amount: HALF, issuedAt: START + DAY };
    world().chain.now = START + DAY + 3_600;
    expectDone(await settleHead(world(), job, head), { kept: -netOf(HALF), out: 3 });
    world().chain.now = START + DAY + 3_601;
    expectRefused(await settleHead(world(), job, { ...head, amount: HALF + 1n }), "ErrAttestationEnded");
  });

  it("takes heads again once a renewed attestation has been synced to the lane", async () => {
    const job = await open(world());
    world().chain.now = START + DAY + 3_601;
    await attest(world(), { notBefore: START + DAY, expiresAt: START + 2 * DAY });
    expectRefused(
      await settleHead(world(), job, { amount: HALF, issuedAt: START + DAY + 3_600 }),
      "ErrAttestationEnded",
    );
    await syncLane(world(), job.address, WORKER.id, world().stranger);
    const settled = await settleHead(world(), job, { amount: HALF, issuedAt: START + DAY + 3_600 });
    expectDone(settled, { kept: -netOf(HALF), out: 3 });
  });

  it("takes claims up to a second before the deadline's closing time ends, expired or not", async () => {
    const job = await open(world(), { acceptBy: BigInt(START + 3_600), deadline: BigInt(START + 7_200) });
    world().chain.now = START + 7_200 + DAY - 1;
    await attest(world(), { notBefore: START + DAY, expiresAt: START + 2 * DAY });
    await syncLane(world(), job.address);
    expectDone(await settleHead(world(), job, { amount: HALF }), { kept: -netOf(HALF), out: 3 });
    await expire(world(), job);
    expectDone(await settleHead(world(), job, { amount: 2n * HALF }), { kept: -netOf(HALF), out: 3 });
    world().chain.now = START + 7_200 + DAY;
    expectRefused(await settleHead(world(), job, { amount: 3n * HALF }), "ErrTooLate");
  });
});
