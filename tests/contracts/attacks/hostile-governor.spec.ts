import { Address, beginCell, type Cell } from "@ton/core";
import {
  type NetworkParams,
  storeChangeParams,
  storeExecuteChange,
  storeNetworkParams,
} from "../../../wrappers/messages";
import { body, deliver, finalize, OP, open, settleHead, useWorld } from "../../support/actors";
import { expectDone, expectEnded, expectPaid, expectRefused } from "../../support/expect";
import { DAY, networkParams, STAKE, START } from "../../support/world";

const world = useWorld();
const AMOUNT = 500_000_000n;

function harsh(overrides: Partial<NetworkParams>): Cell {
  const { governor, attestation } = world();
  const params = networkParams({
    treasury: governor.address,
    arbiter: governor.address,
    attestationRegistry: attestation.address,
  });
  const cell = beginCell()
    .store(storeNetworkParams({ ...params, ...overrides }))
    .endCell();
  return body(storeChangeParams({ $$type: "ChangeParams", params: cell }));
}

async function enact(change: Cell) {
  const { network, governor, chain } = world();
  const value = await network.getMinValueToGovern();
  const changeHash = BigInt(`0x${change.hash().toString("hex")}`);
  await network.send(governor.getSender(), { value }, { $$type: "QueueChange", queryId: 1n, changeHash });
  chain.now = START + DAY;
  return deliver(world(), {
    from: governor,
    to: network.address,
    value,
    body: body(storeExecuteChange({ $$type: "ExecuteChange", queryId: 1n, change })),
  });
}

async function syncParams() {
  const { provider, governor } = world();
  await provider.send(
    governor.getSender(),
    { value: await provider.getMinValueToSyncParams() },
    { $$type: "SyncParams", queryId: 1n },
  );
}

describe("A governor", () => {
  it("cannot carry out what was not announced, nor before its time, nor something else in its place", async () => {
    const { network, governor, chain } = world();
    const value = await network.getMinValueToGovern();
    const change = harsh({});
    const execute = (cell: Cell) =>
      deliver(world(), {
        from: governor,
        to: network.address,
        value,
        body: body(storeExecuteChange({ $$type: "ExecuteChange", queryId: 1n, change: cell })),
      });
    expectRefused(await execute(change), "ErrChangeNotQueued");
    const changeHash = BigInt(`0x${change.hash().toString("hex")}`);
    await network.send(governor.getSender(), { value }, { $$type: "QueueChange", queryId: 1n, changeHash });
    chain.now = START + DAY - 1;
    expectRefused(await execute(change), "ErrTooEarly");
    chain.now = START + DAY;
    expectRefused(await execute(harsh({ feeBps: 1_000n })), "ErrChangeNotQueued");
  });

  it("cannot change what a job was accepted under: fee, treasury and dates stay as they were", async () => {
    const job = await open(world());
    expectDone(await enact(harsh({ feeBps: 1_000n, closeSeconds: 604_800n, unbondingSeconds: 1_000_000n })), {
      out: 2,
    });
    await syncParams();
    const settled = await settleHead(world(), job, { amount: AMOUNT });
    expectPaid(settled, world().owner.address, (AMOUNT * 98n) / 100n);
    await job.send(
      world().developer.getSender(),
      { value: await job.getMinValueToCloseJob() },
      { $$type: "CloseJob", queryId: 1n },
    );
    world().chain.now = START + 2 * DAY;
    const ended = await finalize(world(), job);
    expectEnded(ended, { out: 5 });
    expectPaid(ended, world().treasury.address, (AMOUNT * 2n) / 100n);
    expectPaid(ended, world().governor.address, 0n);
  });

  it("cannot lengthen a wait that has begun: unbonding stake is out on the day it was promised", async () => {
    const { provider, owner } = world();
    const value = await provider.getMinValueToChangeStake();
    await provider.send(owner.getSender(), { value }, { $$type: "Unbond", queryId: 1n, amount: STAKE });
    await enact(harsh({ unbondingSeconds: BigInt(365 * DAY) }));
    await syncParams();
    world().chain.now = START + 7 * DAY;
    const withdrawn = await deliver(world(), {
      from: owner,
      to: provider.address,
      value,
      body: body((builder) => builder.storeUint(OP.WithdrawUnbonded, 32).storeUint(1, 64)),
    });
    expectDone(withdrawn, { kept: -STAKE, out: 3 });
    expectPaid(withdrawn, owner.address, STAKE);
  });

  it("cannot take a stake", async () => {
    const content = body((builder) => builder.storeUint(OP.WithdrawUnbonded, 32).storeUint(1, 64));
    const { governor, provider } = world();
    expectRefused(
      await deliver(world(), { from: governor, to: provider.address, value: STAKE, body: content }),
      "ErrNotOwner",
    );
  });

  it("cannot close or release a job", async () => {
    const job = await open(world());
    for (const [op, code] of [
      [OP.CloseJob, "ErrNotDeveloper"],
      [OP.ReleaseJob, "ErrNotOperator"],
    ] as const) {
      const content = body((builder) => builder.storeUint(op, 32).storeUint(1, 64));
      const delivery = await deliver(world(), {
        from: world().governor,
        to: job.address,
        value: STAKE,
        body: content,
      });
      expectRefused(delivery, code);
    }
  });

  it("cannot send fees where they cannot arrive: a treasury outside the basechain is refused", async () => {
    const far = new Address(-1, world().treasury.address.hash);
    expectRefused(await enact(harsh({ treasury: far })), "ErrBadParameter");
  });
});
