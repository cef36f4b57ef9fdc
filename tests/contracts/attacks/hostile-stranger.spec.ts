import { type Address, type Cell, internal as relaxed } from "@ton/core";
import {
  storeBondReserved,
  storeJobClosed,
  storeLaneSynced,
  storeProviderAdmitted,
  storeReserveBond,
  storeWorkerAttested,
  storeWorkerChecked,
} from "../../../wrappers/messages";
import {
  account,
  attest,
  body,
  deliver,
  OP,
  open,
  releaseClaims,
  settleHead,
  syncLane,
  useWorld,
} from "../../support/actors";
import { exitCode, expectDone, expectRefused } from "../../support/expect";
import { BUDGET, DAY, IMAGE, MODEL, STAKE, START, service, WORKER } from "../../support/world";

const world = useWorld();

function send(to: Address, content: Cell, from = world().stranger) {
  return deliver(world(), { from, to, value: STAKE, body: content });
}

describe("A stranger forges what only contracts may say", () => {
  const worker = () => ({
    $$type: "Worker" as const,
    hpkeKeyHash: 1n,
    imageHash: IMAGE,
    modelHash: MODEL,
    expiresAt: BigInt(START + 365 * DAY),
    epoch: 1n,
  });

  it("as the job of a developer: neither locks nor frees a bond", async () => {
    const job = await open(world());
    const identity = { queryId: 1n, developer: world().developer.address, nonce: 1n };
    const reserve = storeReserveBond({
      $$type: "ReserveBond",
      ...identity,
      budget: BUDGET,
      worker: 0n,
      requester: world().operator.address,
      service: service(),
    });
    const closed = storeJobClosed({
      $$type: "JobClosed",
      ...identity,
      bond: BUDGET / 10n,
      earned: STAKE,
      outcome: 1n,
      digest: 0n,
      fraud: null,
    });
    for (const content of [body(reserve), body(closed)]) {
      expectRefused(await send(world().provider.address, content), "ErrNotJobEscrow");
    }
    expect((await job.getJobState()).bond).toBe(BUDGET / 10n);
  });

  it("as the provider: opens no lane, accepts no job", async () => {
    const job = await open(world());
    const lane = storeLaneSynced({
      $$type: "LaneSynced",
      queryId: 1n,
      worker: 7n,
      modelHash: MODEL,
      expiresAt: BigInt(START + 365 * DAY),
      mayOpen: true,
      responseTo: world().stranger.address,
    });
    expectRefused(await send(job.address, body(lane)), "ErrNotProviderStake");
    const bond = storeBondReserved({
      $$type: "BondReserved",
      queryId: 1n,
      bond: 0n,
      worker: 7n,
      workerExpiresAt: 2n ** 32n - 1n,
      requester: world().stranger.address,
      rules: body(() => undefined),
    });
    expectRefused(await send(job.address, body(bond)), "ErrJobNotAccepting");
  });

  it("as either registry: admits no provider, attests and drops no worker", async () => {
    const params = await world().provider.getParams();
    const provider = world().provider.address;
    const admitted = storeProviderAdmitted({
      $$type: "ProviderAdmitted",
      queryId: 1n,
      paused: true,
      responseTo: world().stranger.address,
      params: params ?? body(() => undefined),
    });
    expectRefused(await send(provider, body(admitted)), "ErrNotNetworkRegistry");
    const common = { queryId: 1n, receiptPublicKey: WORKER.id, responseTo: world().stranger.address };
    const attested = storeWorkerAttested({ $$type: "WorkerAttested", ...common, worker: worker() });
    expectRefused(await send(provider, body(attested)), "ErrNotAttestationRegistry");
    const checked = storeWorkerChecked({ $$type: "WorkerChecked", ...common, allowed: false });
    expectRefused(await send(provider, body(checked)), "ErrNotAttestationRegistry");
  });
});

describe("A stranger sets the bounced flag of a message", () => {
  async function forgeBounce(to: Address, op: number) {
    const message = relaxed({
      to,
      value: STAKE,
      bounce: false,
      body: body((builder) => builder.storeUint(0xffffffff, 32).storeUint(op, 32).storeUint(1, 224)),
    });
    if (message.info.type === "internal") {
      message.info.bounced = true;
    }
    const before = await account(world().chain, to);
    const { transactions } = await world().stranger.sendMessages([message]);
    return { transactions, before, after: await account(world().chain, to) };
  }

  it.each([
    ["ReserveBond to a job", "job", OP.ReserveBond],
    ["AnnounceProvider to a provider", "provider", OP.AnnounceProvider],
    ["LaneSynced to a provider", "provider", OP.LaneSynced],
    ["CheckWorker to a provider", "provider", OP.CheckWorker],
    ["WorkerAttested to the registry", "attestation", OP.WorkerAttested],
  ] as const)(
    "as if %s had bounced: the chain clears the flag, and nothing changes",
    async (_case, role, op) => {
      const job = await open(world());
      const to = role === "job" ? job.address : world()[role].address;
      const { transactions, before, after } = await forgeBounce(to, op);
      expect(transactions).toHaveTransaction({
        from: world().stranger.address,
        to,
        inMessageBounced: false,
        aborted: true,
        exitCode: 130,
      });
      expect(after.data).toBe(before.data);
      expect(after.balance).toBeGreaterThanOrEqual(before.balance);
    },
  );
});

describe("A stranger brings a contract of their own", () => {
  it("that claims to be its job: its address is not the computed one, and the provider does not know it", async () => {
    // Any code at any address but the computed one speaks as this wallet does.
    const reserve = storeReserveBond({
      $$type: "ReserveBond",
      queryId: 1n,
      developer: world().stranger.address,
      nonce: 77n,
      budget: BUDGET,
      worker: 0n,
      requester: world().operator.address,
      service: service(),
    });
    expectRefused(await send(world().provider.address, body(reserve)), "ErrNotJobEscrow");
  });

  it("at a job's address before its developer: the developer opens it all the same", async () => {
    const job = await world().job(1n);
    await deliver(world(), {
      from: world().stranger,
      to: job.address,
      value: STAKE,
      body: body((builder) => builder.storeUint(OP.ExpireJob, 32).storeUint(1, 64)),
      ...(job.init === undefined ? {} : { init: job.init }),
    });
    expect((await job.getJobState()).state).toBe(0n);
    await open(world());
    expect(await job.getJobState()).toMatchObject({ state: 3n, budget: BUDGET });
  });
});

describe("A stranger carries what others signed", () => {
  it("front-runs the operator's settlement: the owner is paid once, by whoever comes first", async () => {
    const job = await open(world());
    expectDone(await settleHead(world(), job, { amount: 1_000n }, world().stranger), { kept: -980n, out: 3 });
    expectRefused(await settleHead(world(), job, { amount: 1_000n }), "ErrAmountNotGrowing");
  });

  it("releases a claim twice: it is paid once", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 1_000n, session: null });
    world().chain.now = START + DAY;
    expectDone(await releaseClaims(world(), job), { kept: -980n, out: 3 });
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
  });

  it("replays a worker's older statement after its renewal: the later end stands, in provider and job", async () => {
    const job = await open(world());
    world().chain.now = START + DAY / 2;
    const later = START + DAY + DAY / 2;
    await attest(world(), { notBefore: START + DAY / 2, expiresAt: later });
    await syncLane(world(), job.address);
    await attest(world(), {}, world().stranger); // valid until START + DAY, and public
    await syncLane(world(), job.address, WORKER.id, world().stranger);
    expect((await world().provider.getWorkers()).get(WORKER.id)?.expiresAt).toBe(BigInt(later));
    expect((await job.getLanes()).get(WORKER.id)?.expiresAt).toBe(BigInt(later));
  });

  it("asks for acceptance over and over: the developer can still take the job back", async () => {
    const job = await open(world(), { service: service(MODEL + 1n), worker: 0n });
    for (let times = 0; times < 3; times += 1) {
      const asked = await deliver(world(), {
        from: world().stranger,
        to: job.address,
        value: await job.getMinValueToRequestAcceptance(),
        body: body((b) => b.storeUint(OP.RequestAcceptance, 32).storeUint(1, 64).storeUint(0, 256)),
      });
      expect(asked.transactions).toHaveTransaction({ op: OP.ReserveBond, exitCode: exitCode("ErrNoOffer") });
    }
    expect((await job.getJobState()).state).toBe(1n);
    const cancelled = await job.send(
      world().developer.getSender(),
      { value: await job.getMinValueToEndJob() },
      { $$type: "CancelJob", queryId: 1n },
    );
    expect(cancelled.transactions).toHaveTransaction({ to: job.address, op: OP.CancelJob, destroyed: true });
  });
});
