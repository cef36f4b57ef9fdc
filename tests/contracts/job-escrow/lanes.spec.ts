import { storeAllowModel, storeLaneSynced, storeTopUpJob } from "../../../wrappers/messages";
import {
  attest,
  body,
  deliver,
  deliverOpen,
  type Job,
  OP,
  open,
  settleHead,
  syncLane,
  UNDERPAID,
  useWorld,
} from "../../support/actors";
import { events, exitCode, expectDone, expectExcess, expectRefused } from "../../support/expect";
import { testKey } from "../../support/keys";
import { BUDGET, DAY, START, service, WORKER } from "../../support/world";

const world = useWorld();
const SECOND = testKey("second worker");

describe("JobEscrow top-up", () => {
  async function topUp(job: Job, amount: bigint, { from = world().developer, short = 0n } = {}) {
    return deliver(world(), {
      from,
      to: job.address,
      value: amount + (await job.getMinValueToTopUpJob()) - short,
      body: body(storeTopUpJob({ $$type: "TopUpJob", queryId: 1n, amount })),
    });
  }

  it("adds exactly the amount to the budget and leaves the bond", async () => {
    const job = await open(world());
    const added = await topUp(job, BUDGET);
    expectDone(added, { kept: BUDGET, out: 2 });
    expectExcess(added);
    expect(events(added.transactions)).toEqual([{ $$type: "JobToppedUpEvent", budget: 2n * BUDGET }]);
    expect(await job.getJobState()).toMatchObject({ budget: 2n * BUDGET, bond: BUDGET / 10n });
    expectDone(await settleHead(world(), job, { amount: 2n * BUDGET }), {
      kept: -(2n * BUDGET - (2n * BUDGET * 200n) / 10_000n),
      out: 3,
    });
  });

  it("refuses anyone but the developer, zero, and one nanoton too little", async () => {
    const job = await open(world());
    expectRefused(await topUp(job, BUDGET, { from: world().owner }), "ErrNotDeveloper");
    expectRefused(await topUp(job, 0n), "ErrBadAmount");
    expectRefused(await topUp(job, BUDGET, { short: 1n }), "ErrValueTooLow");
  });

  it("refuses while the job is Open", async () => {
    const job = await open(world(), { service: service(undefined, UNDERPAID) });
    expectRefused(await topUp(job, BUDGET), "ErrJobNotActive");
  });
});

describe("JobEscrow lanes", () => {
  it("gain a second worker when the operator syncs it", async () => {
    const job = await open(world());
    await attest(world(), { key: SECOND.id });
    const synced = await syncLane(world(), job.address, SECOND.id);
    expectDone(synced, { out: 1 });
    expect(synced.transactions).toHaveTransaction({
      from: world().provider.address,
      to: job.address,
      op: OP.LaneSynced,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expect(synced.transactions).toHaveTransaction({
      from: job.address,
      to: world().operator.address,
      op: OP.Excesses,
    });
    expect(events(synced.transactions)).toEqual([
      { $$type: "LaneChangedEvent", worker: SECOND.id, expiresAt: BigInt(START + DAY) },
    ]);
  });

  async function expectNotOpened(job: Job, synced: Awaited<ReturnType<typeof syncLane>>, code: string) {
    expect(synced.transactions).toHaveTransaction({
      from: world().provider.address,
      to: job.address,
      op: OP.LaneSynced,
      aborted: true,
      exitCode: exitCode(code),
      outMessagesCount: 1,
    });
    expect((await job.getLanes()).keys()).toEqual([WORKER.id]);
  }

  it("stay as they are when a stranger asks for a new one", async () => {
    const job = await open(world());
    await attest(world(), { key: SECOND.id });
    const synced = await syncLane(world(), job.address, SECOND.id, world().stranger);
    await expectNotOpened(job, synced, "ErrNoSuchLane");
  });

  it("stay as they are when the worker is not attested", async () => {
    const job = await open(world());
    await expectNotOpened(job, await syncLane(world(), job.address, SECOND.id), "ErrNoSuchLane");
  });

  it("stay as they are when the worker serves another model", async () => {
    const { governor, attestation, chain } = world();
    const job = await open(world());
    const modelHash = 0x9999n;
    const change = body(storeAllowModel({ $$type: "AllowModel", modelHash }));
    const changeHash = BigInt(`0x${change.hash().toString("hex")}`);
    const value = await attestation.getMinValueToGovern();
    await attestation.send(
      governor.getSender(),
      { value },
      { $$type: "QueueChange", queryId: 1n, changeHash },
    );
    chain.now = START + DAY;
    await attestation.send(governor.getSender(), { value }, { $$type: "ExecuteChange", queryId: 1n, change });
    await attest(world(), {
      key: SECOND.id,
      modelHash,
      notBefore: START + DAY,
      expiresAt: START + 2 * DAY,
    });
    await expectNotOpened(job, await syncLane(world(), job.address, SECOND.id), "ErrWrongModel");
  });

  it("are sixteen at most", async () => {
    const job = await open(world());
    for (let index = 1; index <= 16; index += 1) {
      const key = testKey(`lane ${index}`).id;
      await attest(world(), { key });
      const synced = await syncLane(world(), job.address, key);
      expect(synced.transactions).toHaveTransaction({
        to: job.address,
        op: OP.LaneSynced,
        exitCode: index <= 15 ? 0 : 508,
      });
    }
    expect((await job.getLanes()).size).toBe(16);
  });

  it("may be renewed by anyone once the worker's attestation was", async () => {
    const job = await open(world());
    world().chain.now = START + DAY / 2;
    await attest(world(), { notBefore: START + DAY / 2, expiresAt: START + DAY + DAY / 2 });
    await syncLane(world(), job.address, WORKER.id, world().stranger);
    expect((await job.getLanes()).get(WORKER.id)?.expiresAt).toBe(BigInt(START + DAY + DAY / 2));
  });

  it("end now when the worker is gone, and keep what was signed before", async () => {
    const job = await open(world());
    world().chain.now = START + 120;
    await world().provider.send(
      world().operator.getSender(),
      { value: await world().provider.getMinValueToDropWorker() },
      { $$type: "DropWorker", queryId: 1n, receiptPublicKey: WORKER.id },
    );
    await syncLane(world(), job.address, WORKER.id, world().stranger);
    expect((await job.getLanes()).get(WORKER.id)?.expiresAt).toBe(BigInt(START + 120));
    expectDone(await settleHead(world(), job, { amount: 50n, issuedAt: START + 120 }), {
      kept: -49n,
      out: 3,
    });
    expectRefused(
      await settleHead(world(), job, { amount: 60n, issuedAt: START + 121 }),
      "ErrAttestationEnded",
    );
  });

  it("are not synced by anyone but the job's provider, nor in a job that does not run", async () => {
    const job = await open(world());
    const forged = () =>
      deliver(world(), {
        from: world().operator,
        to: job.address,
        value: BUDGET,
        body: body(
          storeLaneSynced({
            $$type: "LaneSynced",
            queryId: 1n,
            worker: SECOND.id,
            modelHash: 0x1111n,
            expiresAt: BigInt(START + 365 * DAY),
            mayOpen: true,
            responseTo: world().operator.address,
          }),
        ),
      });
    expectRefused(await forged(), "ErrNotProviderStake");
    const refused = await world().job(2n);
    await deliverOpen(world(), refused, { service: service(undefined, UNDERPAID) });
    const synced = await syncLane(world(), refused.address);
    expect(synced.transactions).toHaveTransaction({ to: refused.address, op: OP.LaneSynced, exitCode: 504 });
  });
});
