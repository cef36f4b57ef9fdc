import type { Address } from "@ton/core";
import {
  body,
  deliver,
  deliverOpen,
  finalize,
  OP,
  open,
  releaseClaims,
  settleHead,
  useWorld,
} from "../../support/actors";
import { exitCode, expectDone, expectEnded, expectPaid, expectRefused } from "../../support/expect";
import { DAY, STAKE, START } from "../../support/world";

const world = useWorld();
const AMOUNT = 500_000_000n;
const NET = (AMOUNT * 98n) / 100n;

async function send(to: Address, op: number, from = world().guardian) {
  return deliver(world(), {
    from,
    to,
    value: STAKE,
    body: body((builder) => builder.storeUint(op, 32).storeUint(1, 64).storeUint(0, 256)),
  });
}

async function pauseEverything() {
  const { network, provider, guardian } = world();
  await network.send(
    guardian.getSender(),
    { value: await network.getMinValueToGovern() },
    { $$type: "Pause", queryId: 1n },
  );
  await provider.send(
    guardian.getSender(),
    { value: await provider.getMinValueToSyncParams() },
    { $$type: "SyncParams", queryId: 1n },
  );
  expect((await provider.getProviderState()).paused).toBe(true);
}

describe("A guardian who pauses everything", () => {
  it("stops new jobs", async () => {
    await pauseEverything();
    const job = await world().job(1n);
    const opened = await deliverOpen(world(), job);
    expect(opened.transactions).toHaveTransaction({ op: OP.ReserveBond, exitCode: exitCode("ErrPaused") });
    expect((await job.getJobState()).state).toBe(1n);
  });

  it("stops no settlement, no claim, no refund", async () => {
    const job = await open(world());
    await pauseEverything();
    expectDone(await settleHead(world(), job, { amount: AMOUNT }), { kept: -NET, out: 3 });
    await settleHead(world(), job, { amount: 2n * AMOUNT, session: null });
    await job.send(
      world().developer.getSender(),
      { value: await job.getMinValueToCloseJob() },
      { $$type: "CloseJob", queryId: 1n },
    );
    world().chain.now = START + DAY;
    expectDone(await releaseClaims(world(), job), { kept: -NET, out: 3 });
    expectEnded(await finalize(world(), job), { out: 5 });
    expect((await world().provider.getProviderState()).bonded).toBe(0n);
  });

  it("stops no withdrawal", async () => {
    const { provider, owner } = world();
    await pauseEverything();
    const value = await provider.getMinValueToChangeStake();
    await provider.send(owner.getSender(), { value }, { $$type: "Unbond", queryId: 1n, amount: STAKE });
    world().chain.now = START + 7 * DAY;
    const withdrawn = await send(provider.address, OP.WithdrawUnbonded, owner);
    expectDone(withdrawn, { kept: -STAKE, out: 3 });
    expectPaid(withdrawn, owner.address, STAKE);
  });

  it("cannot stop the governor's unpausing except by cancelling it in public", async () => {
    await pauseEverything();
    const { network, guardian } = world();
    expectRefused(await send(network.address, OP.QueueChange, guardian), "ErrNotGovernor");
    expectRefused(await send(network.address, OP.AcceptGovernor, guardian), "ErrNotPendingGovernor");
  });
});

describe("A guardian who revokes everything", () => {
  it("stops new attestations; what was signed before is paid", async () => {
    const job = await open(world());
    const { attestation, guardian, provider, stranger, chain } = world();
    const value = await attestation.getMinValueToGovern();
    chain.now = START + 120;
    await attestation.send(guardian.getSender(), { value }, { $$type: "RaiseEpoch", queryId: 1n });
    const [worker] = (await provider.getWorkers()).keys();
    await provider.send(
      stranger.getSender(),
      { value: await provider.getMinValueToRecheckWorker() },
      { $$type: "RecheckWorker", queryId: 1n, receiptPublicKey: worker ?? 0n },
    );
    expect((await provider.getWorkers()).size).toBe(0);
    await provider.send(
      stranger.getSender(),
      { value: await provider.getMinValueToSyncLane() },
      { $$type: "SyncLane", queryId: 1n, job: job.address, worker: worker ?? 0n },
    );
    expectDone(await settleHead(world(), job, { amount: AMOUNT, issuedAt: START + 60 }), {
      kept: -NET,
      out: 3,
    });
    expectRefused(
      await settleHead(world(), job, { amount: 2n * AMOUNT, issuedAt: START + 180 }),
      "ErrAttestationEnded",
    );
  });

  it("adds nothing: images, models and attestors come from the governor alone", async () => {
    const { attestation } = world();
    expectRefused(await send(attestation.address, OP.QueueChange), "ErrNotGovernor");
    expectRefused(await send(attestation.address, OP.AllowModel), 130);
    expectRefused(await send(attestation.address, OP.SetAttestors), 130);
  });
});
