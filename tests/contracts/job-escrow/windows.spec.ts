import { toNano } from "@ton/core";
import { storeReleaseClaims } from "../../../wrappers/messages";
import {
  attest,
  body,
  deliver,
  type Job,
  open,
  releaseClaims,
  settleHead,
  syncLane,
  useWorld,
} from "../../support/actors";
import { events, expectDone, expectExcess, expectPaid, expectRefused } from "../../support/expect";
import { BUDGET, DAY, START, WORKER } from "../../support/world";

const world = useWorld();
const A = toNano("0.3");
const B = toNano("0.7");
const C = toNano("0.9");
const netOf = (gross: bigint) => gross - (gross * 200n) / 10_000n;
const at = (seconds: number) => {
  world().chain.now = START + seconds;
};
const claim = (job: Job, amount: bigint, carrier = world().operator) =>
  settleHead(world(), job, { amount, session: null }, carrier);
const lane = async (job: Job) => (await job.getLanes()).get(WORKER.id);

/** Keeps the worker attested and its lane open beyond the first day. */
async function renew(job: Job, seconds: number) {
  await attest(world(), { notBefore: START + seconds - 60, expiresAt: START + seconds - 60 + DAY });
  await syncLane(world(), job.address);
}

describe("JobEscrow claims that only the worker signed", () => {
  it("wait: nothing is paid, the amount is committed and dated", async () => {
    const job = await open(world());
    const claimed = await claim(job, A);

    expectDone(claimed, { out: 2 });
    expectPaid(claimed, world().owner.address, 0n);
    expectExcess(claimed);
    expect(events(claimed.transactions)).toMatchObject([
      { $$type: "HeadSettledEvent", amount: A, cosigned: false, paid: 0n },
    ]);
    expect(await job.getJobState()).toMatchObject({ committed: A, paid: 0n, feesOwed: 0n });
    expect(await lane(job)).toMatchObject({ settled: 0n, maturing: A, maturingAt: BigInt(START + DAY) });
  });

  it("are released by a stranger exactly at maturity, and not a second earlier", async () => {
    const job = await open(world());
    await claim(job, A);
    at(DAY - 1);
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
    at(DAY);
    const released = await releaseClaims(world(), job);

    expectDone(released, { kept: -netOf(A), out: 3 });
    expectPaid(released, world().owner.address, netOf(A));
    expectExcess(released, world().stranger.address);
    expect(events(released.transactions)).toMatchObject([
      { $$type: "ClaimsReleasedEvent", worker: WORKER.id, settled: A, paid: A },
    ]);
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
  });

  it("are not released from a lane that does not exist", async () => {
    expectRefused(await releaseClaims(world(), await open(world()), 99n), "ErrNoSuchLane");
  });

  it("are not released one nanoton below the least value", async () => {
    const job = await open(world());
    await claim(job, A);
    at(DAY);
    const refused = await deliver(world(), {
      from: world().stranger,
      to: job.address,
      value: (await job.getMinValueToReleaseClaims()) - 1n,
      body: body(storeReleaseClaims({ $$type: "ReleaseClaims", queryId: 1n, worker: WORKER.id })),
    });
    expectRefused(refused, "ErrValueTooLow");
  });

  it("are refused a second time, and when they are not above what waits", async () => {
    const job = await open(world());
    await claim(job, B);
    expectRefused(await claim(job, B), "ErrAmountNotGrowing");
    expectRefused(await claim(job, A), "ErrAmountNotGrowing");
  });

  it("are refused beyond the budget", async () => {
    expectRefused(await claim(await open(world()), BUDGET + 1n), "ErrOverBudget");
  });
});

describe("JobEscrow two tranches", () => {
  it("keep the date of the older claim, whoever carries newer heads", async () => {
    const job = await open(world());
    await claim(job, A);
    at(DAY / 2);
    await claim(job, B, world().developer);
    at(DAY - 1);
    await claim(job, C, world().developer);
    expect(await lane(job)).toMatchObject({
      maturing: A,
      maturingAt: BigInt(START + DAY),
      latest: C,
      latestAt: BigInt(START + 2 * DAY - 1),
    });

    at(DAY);
    const first = await releaseClaims(world(), job);
    expectDone(first, { kept: -netOf(A), out: 3 });
    expect(await lane(job)).toMatchObject({ settled: A, maturing: C, latest: 0n });
  });

  it("are paid within two windows, though newer heads keep coming", async () => {
    const job = await open(world());
    await claim(job, A);
    let amount = A;
    for (let hour = 6; hour < 24; hour += 6) {
      at(hour * 3_600);
      amount += 1_000n;
      await claim(job, amount, world().developer);
    }
    at(DAY);
    await renew(job, DAY);
    await releaseClaims(world(), job);
    for (let hour = 30; hour < 42; hour += 6) {
      at(hour * 3_600);
      amount += 1_000n;
      await claim(job, amount, world().developer);
    }
    const claimedOnFirstDay = A + 3_000n;
    at(2 * DAY);
    const second = await releaseClaims(world(), job);
    expectDone(second, { kept: -netOf(claimedOnFirstDay - A), out: 3 });
    expect((await job.getJobState()).paid).toBe(claimedOnFirstDay);
  });

  it("are paid together when nobody came before both had matured", async () => {
    const job = await open(world());
    await claim(job, A);
    at(3_600);
    await claim(job, B);
    at(3_600 + DAY);
    const released = await releaseClaims(world(), job);
    expectDone(released, { kept: -netOf(B), out: 3 });
    expect(await lane(job)).toMatchObject({ settled: B, maturing: 0n, latest: 0n });
  });

  it("that have matured are not lowered by a co-signature that comes too late", async () => {
    const job = await open(world());
    await claim(job, B);
    at(DAY);
    await renew(job, DAY);
    expectRefused(await settleHead(world(), job, { amount: B }), "ErrAmountNotGrowing");
    expectRefused(await settleHead(world(), job, { amount: A }), "ErrAmountNotGrowing");
    expectPaid(await settleHead(world(), job, { amount: B + 1n }), world().owner.address, netOf(B + 1n));
  });

  it("pay a matured claim along with the next head, which then waits itself", async () => {
    const job = await open(world());
    await claim(job, A);
    at(DAY);
    const next = await claim(job, B);
    expectDone(next, { kept: -netOf(A), out: 3 });
    expectPaid(next, world().owner.address, netOf(A));
    expect(await lane(job)).toMatchObject({ settled: A, maturing: B, maturingAt: BigInt(START + 2 * DAY) });
  });

  it("are overridden by a co-signed amount as high as both", async () => {
    const job = await open(world());
    await claim(job, A);
    await claim(job, B);
    const cosigned = await settleHead(world(), job, { amount: B });
    expectDone(cosigned, { kept: -netOf(B), out: 3 });
    expect(await lane(job)).toMatchObject({ settled: B, maturing: 0n, latest: 0n });
    at(3 * DAY);
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
  });

  it("lose the lower to a co-signed amount between them; the higher keeps its date", async () => {
    const job = await open(world());
    await claim(job, A);
    at(3_600);
    await claim(job, C);
    const cosigned = await settleHead(world(), job, { amount: B });
    expectDone(cosigned, { kept: -netOf(B), out: 3 });
    expect(await lane(job)).toMatchObject({
      settled: B,
      maturing: C,
      maturingAt: BigInt(START + 3_600 + DAY),
      latest: 0n,
    });
    at(3_600 + DAY);
    expectDone(await releaseClaims(world(), job), { kept: -netOf(C - B), out: 3 });
  });

  it("stand when a co-signed amount is below them, and pay only what is above it", async () => {
    const job = await open(world());
    await claim(job, B);
    const cosigned = await settleHead(world(), job, { amount: A });
    expectDone(cosigned, { kept: -netOf(A), out: 3 });
    expect((await job.getJobState()).committed).toBe(B);
    at(DAY);
    expectDone(await releaseClaims(world(), job), { kept: -(B - A - ((B - A) * 200n) / 10_000n), out: 3 });
    expect(await job.getJobState()).toMatchObject({ paid: B, committed: B });
  });
});
