import type { Cell } from "@ton/core";
import { storeSetCatalog, storeUnbond } from "../../../wrappers/messages";
import { body, deliver, OP, open, settleHead, useWorld } from "../../support/actors";
import { expectDone, expectPaid, expectRefused } from "../../support/expect";
import { catalog, DAY, STAKE, START } from "../../support/world";

const world = useWorld();
const bare = (op: number) => body((builder) => builder.storeUint(op, 32).storeUint(1, 64));
const fromOperator = (content: Cell) =>
  deliver(world(), { from: world().operator, to: world().provider.address, value: STAKE, body: content });

describe("A relayer with the operator's key", () => {
  it("takes no stake: it can neither unbond nor withdraw nor change who operates", async () => {
    const unbond = body(storeUnbond({ $$type: "Unbond", queryId: 1n, amount: 1n }));
    const setCatalog = body(
      storeSetCatalog({ $$type: "SetCatalog", queryId: 1n, catalog: catalog(world().operator.address) }),
    );
    for (const content of [unbond, bare(OP.WithdrawUnbonded), setCatalog]) {
      expectRefused(await fromOperator(content), "ErrNotOwner");
    }
  });

  it("takes nothing of what its owner has unbonded", async () => {
    const { provider, owner } = world();
    const value = await provider.getMinValueToChangeStake();
    await provider.send(owner.getSender(), { value }, { $$type: "Unbond", queryId: 1n, amount: STAKE });
    world().chain.now = START + 7 * DAY;
    expectRefused(await fromOperator(bare(OP.WithdrawUnbonded)), "ErrNotOwner");
  });

  it("settles to the owner, never to itself", async () => {
    const job = await open(world());
    const settled = await settleHead(world(), job, { amount: 1_000n }, world().operator);
    expectDone(settled, { kept: -980n, out: 3 });
    expectPaid(settled, world().owner.address, 980n);
    expect(settled.transactions).not.toHaveTransaction({ to: world().operator.address, op: OP.Payment });
  });

  it("cannot keep an answer's claim back for ever: anyone who holds the head settles it", async () => {
    const job = await open(world());
    expectDone(await settleHead(world(), job, { amount: 1_000n }, world().owner), { kept: -980n, out: 3 });
  });

  it("that was replaced keeps its say in jobs accepted before, and gets none in later ones", async () => {
    const before = await open(world());
    const { provider, owner, operator, stranger } = world();
    await provider.send(
      owner.getSender(),
      { value: await provider.getMinValueToSetCatalog() },
      { $$type: "SetCatalog", queryId: 1n, catalog: catalog(stranger.address) },
    );
    const after = await open(world(), {}, 2n);
    const value = await after.getMinValueToEndJob();
    const release = bare(OP.ReleaseJob);
    expectRefused(
      await deliver(world(), { from: operator, to: after.address, value, body: release }),
      "ErrNotOperator",
    );
    const released = await deliver(world(), { from: operator, to: before.address, value, body: release });
    expect(released.transactions).toHaveTransaction({
      to: before.address,
      op: OP.ReleaseJob,
      destroyed: true,
    });
  });
});
