import type { Cell } from "@ton/core";
import { createShardAccount } from "@ton/sandbox";
import { storeRecheckWorker, storeRegisterProvider } from "../../wrappers/messages";
import {
  attest,
  body,
  deliver,
  deliverOpen,
  OP,
  open,
  syncLane,
  UNDERPAID,
  useWorld,
} from "../support/actors";
import { events, exitCode, expectEnded, expectPaid, storageFee } from "../support/expect";
import { testKey } from "../support/keys";
import {
  catalog,
  createWorld,
  DAY,
  type openJob,
  STAKE,
  START,
  service,
  WORKER,
  type World,
} from "../support/world";

const world = useWorld();

async function pause({ network, guardian }: World) {
  await network.send(
    guardian.getSender(),
    { value: await network.getMinValueToGovern() },
    { $$type: "Pause", queryId: 1n },
  );
}

async function fillCapacity() {
  for (let nonce = 11n; nonce < 15n; nonce += 1n) {
    await open(world(), { worker: 0n }, nonce);
  }
}

describe("ReserveBond refused", () => {
  const refusals: [string, Parameters<typeof openJob>[1], string | number, () => Promise<unknown>][] = [
    ["no such provider", { index: 7n }, "no account", async () => undefined],
    [
      "no offer for the model",
      { service: service(0x5555n), worker: 0n },
      "ErrNoOffer",
      async () => undefined,
    ],
    [
      "prices below the offer",
      { service: service(undefined, UNDERPAID) },
      "ErrPriceTooLow",
      async () => undefined,
    ],
    ["a worker that is not attested", { worker: 99n }, "ErrNoSuchWorker", async () => undefined],
    [
      "a worker whose attestation has ended",
      { acceptBy: BigInt(START + 2 * DAY) },
      "ErrAttestationEnded",
      async () => {
        world().chain.now = START + DAY;
      },
    ],
    ["a bond beyond the free stake", { budget: 10n * STAKE + 1n }, "ErrStakeBonded", async () => undefined],
    ["a full provider", { worker: 0n }, "ErrNoCapacity", fillCapacity],
    [
      "a stake below the minimum",
      {},
      "ErrStakeTooLow",
      async () => {
        const { provider, owner } = world();
        await provider.send(
          owner.getSender(),
          { value: await provider.getMinValueToChangeStake() },
          { $$type: "Unbond", queryId: 1n, amount: STAKE - 1n },
        );
      },
    ],
    [
      "a paused provider",
      {},
      "ErrPaused",
      async () => {
        await pause(world());
        await world().provider.send(
          world().stranger.getSender(),
          { value: await world().provider.getMinValueToSyncParams() },
          { $$type: "SyncParams", queryId: 1n },
        );
      },
    ],
    ["a service that cannot be read", { service: body(() => undefined) }, 9, async () => undefined],
  ];

  it.each(refusals)(
    "by %s leaves the job Open with its budget, and the excess returns",
    async (_case, overrides, code, prepare) => {
      await prepare();
      const job = await world().job(1n);
      const opened = await deliverOpen(world(), job, overrides);

      expect(opened.transactions).toHaveTransaction({
        from: job.address,
        op: OP.ReserveBond,
        aborted: true,
        exitCode: code === "no account" ? undefined : exitCode(code),
        outMessagesCount: 1,
      });
      expect(opened.transactions).toHaveTransaction({
        to: job.address,
        inMessageBounced: true,
        success: true,
        exitCode: 0,
        actionResultCode: 0,
        outMessagesCount: 2,
      });
      expect(opened.transactions).toHaveTransaction({
        from: job.address,
        to: world().developer.address,
        op: OP.Excesses,
      });
      expect(events(opened.transactions).map(({ $$type }) => $$type)).toEqual([
        "JobOpenedEvent",
        "JobRefusedEvent",
      ]);
      const { state, budget, bond } = await job.getJobState();
      expect({ state, bond }).toEqual({ state: 1n, bond: 0n });
      expect(opened.after.balance).toBeGreaterThan(budget);
      expect((await world().provider.getProviderState()).openJobs).toBe(code === "ErrNoCapacity" ? 4n : 0n);

      const cancelled = await deliver(world(), {
        from: world().developer,
        to: job.address,
        value: await job.getMinValueToEndJob(),
        body: body((builder) => builder.storeUint(OP.CancelJob, 32).storeUint(1, 64)),
      });
      expectEnded(cancelled, { out: 3 });
      expectPaid(
        cancelled,
        world().developer.address,
        cancelled.before.balance - storageFee(cancelled.tx),
        "Refund",
      );
    },
  );
});

describe("AnnounceProvider refused by a paused network", () => {
  async function refusedProvider() {
    const paused = await createWorld();
    await pause(paused);
    const delivery = await register(paused);
    return { paused, delivery };
  }

  async function register(to: World) {
    return deliver(to, {
      from: to.owner,
      to: to.provider.address,
      value: STAKE + (await to.network.getMinValueToRegister()),
      body: body(
        storeRegisterProvider({
          $$type: "RegisterProvider",
          queryId: 1n,
          stake: STAKE,
          catalog: catalog(to.operator.address),
        }),
      ),
      ...(to.provider.init === undefined ? {} : { init: to.provider.init }),
    });
  }

  it("leaves the stake unregistered, and its owner takes it back without a wait", async () => {
    const { paused, delivery } = await refusedProvider();
    const { provider, owner, network } = paused;
    expect(delivery.transactions).toHaveTransaction({
      from: provider.address,
      to: network.address,
      op: OP.AnnounceProvider,
      exitCode: exitCode("ErrPaused"),
    });
    expect(delivery.transactions).toHaveTransaction({
      from: network.address,
      to: provider.address,
      inMessageBounced: true,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 1,
    });
    expect(delivery.transactions).toHaveTransaction({
      from: provider.address,
      to: owner.address,
      op: OP.Excesses,
    });
    expect(await provider.getProviderState()).toMatchObject({ registered: false, stake: STAKE });

    const value = await provider.getMinValueToChangeStake();
    await provider.send(owner.getSender(), { value }, { $$type: "Unbond", queryId: 1n, amount: STAKE });
    const withdrawn = await provider.send(
      owner.getSender(),
      { value },
      { $$type: "WithdrawUnbonded", queryId: 2n },
    );
    expect(withdrawn.transactions).toHaveTransaction({
      from: provider.address,
      to: owner.address,
      op: OP.Payment,
      value: STAKE,
    });
  });

  it("adds to the stake of a second attempt while it is still paused", async () => {
    const { paused } = await refusedProvider();
    await register(paused);
    expect(await paused.provider.getProviderState()).toMatchObject({ registered: false, stake: 2n * STAKE });
  });
});

describe("LaneSynced", () => {
  it("to a job that is gone changes nothing at the provider", async () => {
    const job = await world().job(9n);
    const synced = await syncLane(world(), job.address, WORKER.id, world().stranger);
    expect(synced.transactions).toHaveTransaction({
      from: world().provider.address,
      to: job.address,
      op: OP.LaneSynced,
      aborted: true,
      exitCode: undefined,
    });
    expect(synced.transactions).toHaveTransaction({
      from: job.address,
      to: world().provider.address,
      inMessageBounced: true,
      success: true,
      exitCode: 0,
      outMessagesCount: 0,
    });
    expect(synced.after.data).toBe(synced.before.data);
    expect(synced.after.balance).toBeGreaterThanOrEqual(synced.before.balance);
  });

  it("to a wallet is lost with its value, and changes nothing", async () => {
    const synced = await syncLane(world(), world().stranger.address, WORKER.id, world().stranger);
    expect(synced.after.data).toBe(synced.before.data);
    expect(synced.after.balance).toBe(synced.before.balance - storageFee(synced.tx));
  });
});

describe("CheckWorker", () => {
  it("that an attestation registry cannot answer leaves the worker where it is", async () => {
    const { provider, attestation, stranger } = world();
    const registry = await world().chain.getContract(attestation.address);
    const code: Cell = body((builder) => builder.storeUint(0xff, 8)); // throws at once
    await world().chain.setShardAccount(
      attestation.address,
      createShardAccount({
        address: attestation.address,
        code,
        data: body(() => undefined),
        balance: registry.balance,
      }),
    );
    const rechecked = await deliver(world(), {
      from: stranger,
      to: provider.address,
      value: await provider.getMinValueToRecheckWorker(),
      body: body(storeRecheckWorker({ $$type: "RecheckWorker", queryId: 1n, receiptPublicKey: WORKER.id })),
    });
    expect(rechecked.transactions).toHaveTransaction({
      from: attestation.address,
      to: provider.address,
      inMessageBounced: true,
      success: true,
      exitCode: 0,
      outMessagesCount: 0,
    });
    expect(rechecked.after.data).toBe(rechecked.before.data);
    expect((await provider.getWorkers()).keys()).toEqual([WORKER.id]);
  });
});

describe("WorkerAttested", () => {
  it.each([
    ["an account that does not exist", async () => (await world().job(9n)).address],
    ["a job", async () => (await open(world())).address],
  ])("to %s changes nothing at the registry", async (_case, target) => {
    const attested = await attest(world(), { provider: await target() });
    expect(attested.transactions).toHaveTransaction({
      to: world().attestation.address,
      inMessageBounced: true,
      success: true,
      exitCode: 0,
      outMessagesCount: 0,
    });
    expect(attested.after.data).toBe(attested.before.data);
    expect(attested.after.balance).toBeGreaterThanOrEqual(attested.before.balance);
  });

  it("to a provider with thirty-two workers changes nothing there or at the registry", async () => {
    for (let index = 1; index < 32; index += 1) {
      await attest(world(), { key: testKey(`worker ${index}`).id });
    }
    const attested = await attest(world(), { key: 99n });
    expect(attested.transactions).toHaveTransaction({
      to: world().provider.address,
      op: OP.WorkerAttested,
      aborted: true,
      exitCode: exitCode("ErrTooManyWorkers"),
    });
    expect(attested.after.data).toBe(attested.before.data);
    expect((await world().provider.getWorkers()).has(99n)).toBe(false);
  });
});
