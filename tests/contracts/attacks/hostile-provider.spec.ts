import { toNano } from "@ton/core";
import { contractCodes } from "../../../wrappers/codes";
import { storeBondReserved, storeRegisterProvider, storeUnbond } from "../../../wrappers/messages";
import { providerStake } from "../../../wrappers/ProviderStake";
import {
  body,
  deliver,
  deliverOpen,
  expire,
  finalize,
  OP,
  open,
  settleHead,
  syncLane,
  useWorld,
} from "../../support/actors";
import {
  exitCode,
  expectDone,
  expectEnded,
  expectPaid,
  expectRefused,
  storageFee,
} from "../../support/expect";
import { testKey } from "../../support/keys";
import { BUDGET, catalog, DAY, STAKE, START, WORKER } from "../../support/world";

const world = useWorld();
const BOND = BUDGET / 10n;

async function unbond(amount: bigint) {
  const { provider, owner } = world();
  return deliver(world(), {
    from: owner,
    to: provider.address,
    value: await provider.getMinValueToChangeStake(),
    body: body(storeUnbond({ $$type: "Unbond", queryId: 1n, amount })),
  });
}

describe("A provider tries to leave", () => {
  it("with a job open: its bond stays until the job has ended, a year later if need be", async () => {
    const job = await open(world(), { deadline: BigInt(START + 365 * DAY) });
    expectRefused(await unbond(STAKE), "ErrStakeBonded");
    expectDone(await unbond(STAKE - BOND), { out: 2 });
    world().chain.now = START + 365 * DAY;
    expectRefused(await unbond(BOND), "ErrStakeBonded");
    await expire(world(), job);
    world().chain.now = START + 366 * DAY;
    await finalize(world(), job);
    expectDone(await unbond(BOND), { out: 2 });
  });

  it("by releasing a job whose claims wait: the bond stays until they have matured, or a lie in them was proved", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: BUDGET, session: null });
    const release = async () =>
      deliver(world(), {
        from: world().owner,
        to: job.address,
        value: await job.getMinValueToEndJob(),
        body: body((builder) => builder.storeUint(OP.ReleaseJob, 32).storeUint(1, 64)),
      });
    world().chain.now = START + DAY - 1;
    expectRefused(await release(), "ErrClaimPending");
    world().chain.now = START + DAY;
    expectEnded(await release(), { out: 6 });
  });

  it("by vanishing: the developer gets everything back after the dates, poked by a stranger", async () => {
    const job = await open(world());
    world().chain.now = START + 7 * DAY;
    await expire(world(), job);
    world().chain.now = START + 8 * DAY;
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 4 });
    expectPaid(ended, world().developer.address, ended.before.balance - storageFee(ended.tx), "Refund");
  });
});

describe("A provider in the masterchain", () => {
  it("is not registered: paying it would cost more than the end of its jobs is paid for", async () => {
    const { chain, network, operator } = world();
    const owner = await chain.treasury("abroad", { workchain: -1 });
    const { job } = await contractCodes();
    const theirs = await providerStake({
      registry: network.address,
      owner: owner.address,
      index: 0,
      jobCode: job,
    });
    const registration = storeRegisterProvider({
      $$type: "RegisterProvider",
      queryId: 1n,
      stake: STAKE,
      catalog: catalog(operator.address),
    });
    const refused = await deliver(world(), {
      from: owner,
      to: theirs.address,
      value: 2n * STAKE,
      body: body(registration),
      ...(theirs.init === undefined ? {} : { init: theirs.init }),
    });
    expectRefused(refused, "ErrNotBasechain");
  });
});

describe("A provider tries to be paid more", () => {
  it("with claims of a worker that it never attested", async () => {
    const job = await open(world());
    const rogue = testKey("rogue");
    await syncLane(world(), job.address, rogue.id, world().owner);
    expectRefused(
      await settleHead(world(), job, { amount: 1n, worker: rogue, session: null }),
      "ErrNoSuchLane",
    );
  });

  it("with its own co-signature instead of the developer's", async () => {
    const job = await open(world());
    const forged = { amount: BUDGET, session: testKey("rogue") };
    expectRefused(await settleHead(world(), job, forged), "ErrBadSessionSignature");
  });

  it("with a claim of the whole budget: it waits its window, in which a co-signed lower amount changes nothing", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: BUDGET, session: null });
    await settleHead(world(), job, { amount: 1_000n });
    expect(await job.getJobState()).toMatchObject({ paid: 1_000n, committed: BUDGET });
  });

  it("by claiming in the last second: finalising waits for that claim, and only for it", async () => {
    const job = await open(world());
    await job.send(
      world().developer.getSender(),
      { value: await job.getMinValueToCloseJob() },
      { $$type: "CloseJob", queryId: 1n },
    );
    world().chain.now = START + DAY - 1;
    await settleHead(world(), job, { amount: toNano("0.1"), session: null }, world().owner);
    world().chain.now = START + DAY;
    expectRefused(await finalize(world(), job), "ErrClaimPending");
    world().chain.now = START + 2 * DAY - 1;
    expectEnded(await finalize(world(), job), { out: 6 });
  });
});

describe("A provider of another make", () => {
  it("with genuine code and another job code speaks for no job of this network", async () => {
    const job = await open(world());
    const foreign = world().chain.openContract(
      await providerStake({
        registry: world().network.address,
        owner: world().owner.address,
        index: 0,
        jobCode: (await contractCodes()).provider,
      }),
    );
    expect(foreign.address.equals(world().provider.address)).toBe(false);
    const registered = await foreign.send(
      world().owner.getSender(),
      { value: STAKE + (await world().network.getMinValueToRegister()) },
      {
        $$type: "RegisterProvider",
        queryId: 1n,
        stake: STAKE,
        catalog: (await world().provider.getCatalog()) ?? body(() => undefined),
      },
    );
    expect(registered.transactions).toHaveTransaction({
      from: foreign.address,
      to: world().network.address,
      op: OP.AnnounceProvider,
      exitCode: exitCode("ErrNotProviderStake"),
    });
    expect((await foreign.getProviderState()).registered).toBe(false);
    expect((await job.getJobState()).state).toBe(3n);
  });

  it("that answers a job in the place of the one it asked is refused", async () => {
    const job = await world().job(1n);
    await deliverOpen(world(), job, { index: 5n }); // nobody there: the job is Open again
    const forged = await deliver(world(), {
      from: world().owner,
      to: job.address,
      value: STAKE,
      body: body(
        storeBondReserved({
          $$type: "BondReserved",
          queryId: 1n,
          bond: 0n,
          worker: WORKER.id,
          workerExpiresAt: BigInt(START + DAY),
          requester: world().owner.address,
          rules: body(() => undefined),
        }),
      ),
    });
    expectRefused(forged, "ErrJobNotAccepting");
  });
});
