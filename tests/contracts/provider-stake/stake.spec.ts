import { type Address, type Cell, toNano } from "@ton/core";
import {
  storeAddStake,
  storeRegisterProvider,
  storeUnbond,
  storeWithdrawUnbonded,
} from "../../../wrappers/messages";
import { body, deliver, OP, open, useWorld, type Wallet } from "../../support/actors";
import { events, expectDone, expectExcess, expectPaid, expectRefused } from "../../support/expect";
import { BUDGET, catalog, createWorld, DAY, STAKE, START } from "../../support/world";

const ONE = toNano("1");
const world = useWorld();
const state = () => world().provider.getProviderState();

async function send(content: Cell, { from = world().owner, added = 0n, short = 0n } = {}) {
  return deliver(world(), {
    from,
    to: world().provider.address,
    value: added + (await world().provider.getMinValueToChangeStake()) - short,
    body: content,
  });
}
const addStake = (amount: bigint) => body(storeAddStake({ $$type: "AddStake", queryId: 1n, amount }));
const unbond = (amount: bigint) => body(storeUnbond({ $$type: "Unbond", queryId: 1n, amount }));
const withdraw = body(storeWithdrawUnbonded({ $$type: "WithdrawUnbonded", queryId: 1n }));

describe("ProviderStake register", () => {
  async function fresh() {
    const unregistered = await createWorld();
    const register = async (
      options: { from?: Wallet; short?: bigint; stake?: bigint; content?: Cell; to?: Address } = {},
    ) => {
      const stake = options.stake ?? STAKE;
      const content =
        options.content ??
        body(
          storeRegisterProvider({
            $$type: "RegisterProvider",
            queryId: 1n,
            stake,
            catalog: catalog(unregistered.operator.address),
          }),
        );
      return deliver(unregistered, {
        from: options.from ?? unregistered.owner,
        to: unregistered.provider.address,
        value: stake + (await unregistered.network.getMinValueToRegister()) - (options.short ?? 0n),
        body: content,
        ...(unregistered.provider.init === undefined ? {} : { init: unregistered.provider.init }),
      });
    };
    return { unregistered, register };
  }

  it("stakes, asks the registry and is admitted in one chain, and returns what is left", async () => {
    const { unregistered, register } = await fresh();
    const registered = await register();
    const { owner, network, provider } = unregistered;
    expect(registered.transactions).toHaveTransaction({
      from: owner.address,
      to: provider.address,
      op: OP.RegisterProvider,
      deploy: true,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 3,
    });
    expect(registered.transactions).toHaveTransaction({
      from: provider.address,
      to: network.address,
      op: OP.AnnounceProvider,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expect(registered.transactions).toHaveTransaction({
      from: network.address,
      to: provider.address,
      op: OP.ProviderAdmitted,
      exitCode: 0,
      actionResultCode: 0,
    });
    expectExcess(registered);
    expect(events(registered.transactions).map(({ $$type }) => $$type)).toEqual([
      "StakeChangedEvent",
      "CatalogChangedEvent",
      "ProviderRegisteredEvent",
    ]);
    expect(await provider.getProviderState()).toMatchObject({
      registered: true,
      stake: STAKE,
      paused: false,
    });
    expect(registered.after.balance).toBeGreaterThan(STAKE);
  });

  it("refuses anyone but the owner that its address was made from, and one nanoton too little", async () => {
    const { unregistered, register } = await fresh();
    expectRefused(await register({ from: unregistered.operator }), "ErrNotOwner");
    expectRefused(await register({ short: 1n }), "ErrValueTooLow");
  });

  it("refuses a second registration", async () => {
    const { register } = await fresh();
    await register();
    expectRefused(await register(), "ErrAlreadyRegistered");
  });
});

describe("ProviderStake add", () => {
  it("adds exactly the amount", async () => {
    const added = await send(addStake(ONE), { added: ONE });
    expectDone(added, { kept: ONE, out: 2 });
    expectExcess(added);
    expect(events(added.transactions)).toEqual([
      { $$type: "StakeChangedEvent", stake: STAKE + ONE, unbonding: 0n, unbondingUntil: 0n },
    ]);
  });

  it("refuses anyone but the owner, and one nanoton too little", async () => {
    expectRefused(await send(addStake(ONE), { added: ONE, from: world().operator }), "ErrNotOwner");
    expectRefused(await send(addStake(ONE), { added: ONE, short: 1n }), "ErrValueTooLow");
  });
});

describe("ProviderStake unbond and withdraw", () => {
  it("pays exactly what was unbonded to the owner after the wait, and not a second earlier", async () => {
    const unbonded = await send(unbond(ONE));
    expectDone(unbonded, { out: 2 });
    expectExcess(unbonded);
    expect(await state()).toMatchObject({
      stake: STAKE - ONE,
      unbonding: ONE,
      unbondingUntil: BigInt(START + 7 * DAY),
    });
    world().chain.now = START + 7 * DAY - 1;
    expectRefused(await send(withdraw), "ErrTooEarly");
    world().chain.now = START + 7 * DAY;
    const withdrawn = await send(withdraw);
    expectDone(withdrawn, { kept: -ONE, out: 3 });
    expectPaid(withdrawn, world().owner.address, ONE);
    expectExcess(withdrawn);
    expectRefused(await send(withdraw), "ErrNothingUnbonding");
  });

  it("restarts the wait for all of it when more is unbonded", async () => {
    await send(unbond(ONE));
    world().chain.now = START + 6 * DAY;
    await send(unbond(ONE));
    world().chain.now = START + 7 * DAY;
    expectRefused(await send(withdraw), "ErrTooEarly");
    world().chain.now = START + 13 * DAY;
    expectDone(await send(withdraw), { kept: -2n * ONE, out: 3 });
  });

  it("never touches what jobs have bonded", async () => {
    await open(world());
    const bond = BUDGET / 10n;
    expectRefused(await send(unbond(STAKE - bond + 1n)), "ErrStakeBonded");
    expectDone(await send(unbond(STAKE - bond)), { out: 2 });
    expect(await state()).toMatchObject({ stake: bond, bonded: bond });
  });

  it("refuses zero, more than there is, the operator, a stranger, and one nanoton too little", async () => {
    expectRefused(await send(unbond(0n)), "ErrBadAmount");
    expectRefused(await send(unbond(STAKE + 1n)), "ErrStakeBonded");
    expectRefused(await send(unbond(ONE), { from: world().operator }), "ErrNotOwner");
    expectRefused(await send(unbond(ONE), { short: 1n }), "ErrValueTooLow");
    expectRefused(await send(withdraw), "ErrNothingUnbonding");
    await send(unbond(ONE));
    world().chain.now = START + 7 * DAY;
    expectRefused(await send(withdraw, { from: world().stranger }), "ErrNotOwner");
    expectRefused(await send(withdraw, { from: world().operator }), "ErrNotOwner");
    expectRefused(await send(withdraw, { short: 1n }), "ErrValueTooLow");
  });
});
