import { beginCell, type Cell } from "@ton/core";
import {
  type NetworkParams,
  storeChangeGovernor,
  storeChangeGuardian,
  storeChangeParams,
  storeExecuteChange,
  storeNetworkParams,
  storeUnpause,
} from "../../../wrappers/messages";
import { body, deliver, OP, useWorld } from "../../support/actors";
import { events, expectDone, expectExcess, expectRefused } from "../../support/expect";
import { DAY, networkParams, START } from "../../support/world";

const world = useWorld();
type Registry = "network" | "attestation";
const BOTH = ["network", "attestation"] as const;
const hashOf = (cell: Cell) => BigInt(`0x${cell.hash().toString("hex")}`);
const worded = (op: number, word: bigint) =>
  body((b) => b.storeUint(op, 32).storeUint(1, 64).storeUint(word, 256));
const UNPAUSE = body(storeUnpause({ $$type: "Unpause" }));

async function send(registry: Registry, content: Cell, from = world().governor, short = 0n) {
  return deliver(world(), {
    from,
    to: world()[registry].address,
    value: (await world()[registry].getMinValueToGovern()) - short,
    body: content,
  });
}
const queue = (registry: Registry, change: Cell, from = world().governor, short = 0n) =>
  send(registry, worded(OP.QueueChange, hashOf(change)), from, short);
const cancel = (registry: Registry, change: Cell, from = world().governor, short = 0n) =>
  send(registry, worded(OP.CancelChange, hashOf(change)), from, short);
const execute = (registry: Registry, change: Cell, from = world().stranger, short = 0n) =>
  send(registry, body(storeExecuteChange({ $$type: "ExecuteChange", queryId: 1n, change })), from, short);
const changeGovernor = () =>
  body(storeChangeGovernor({ $$type: "ChangeGovernor", to: world().stranger.address }));

function params(overrides: Partial<NetworkParams>): Cell {
  const { treasury, guardian, attestation } = world();
  const current = networkParams({
    treasury: treasury.address,
    arbiter: guardian.address,
    attestationRegistry: attestation.address,
  });
  const cell = beginCell()
    .store(storeNetworkParams({ ...current, ...overrides }))
    .endCell();
  return body(storeChangeParams({ $$type: "ChangeParams", params: cell }));
}

describe.each(BOTH)("Governance of the %s registry", (registry) => {
  it("queues for the timelock, and anyone executes exactly then, once", async () => {
    const change = body(storeChangeGuardian({ $$type: "ChangeGuardian", to: world().stranger.address }));
    const queued = await queue(registry, change);
    expectDone(queued, { out: 2 });
    expectExcess(queued);
    expect(events(queued.transactions)).toEqual([
      { $$type: "ChangeQueuedEvent", changeHash: hashOf(change), executableAt: BigInt(START + DAY) },
    ]);
    expect(await world()[registry].getExecutableAt(hashOf(change))).toBe(BigInt(START + DAY));

    world().chain.now = START + DAY - 1;
    expectRefused(await execute(registry, change), "ErrTooEarly");
    world().chain.now = START + DAY;
    expectRefused(await execute(registry, change, world().stranger, 1n), "ErrValueTooLow");
    const executed = await execute(registry, change);
    expectDone(executed, { out: 2 });
    expectExcess(executed);
    expect(events(executed.transactions)).toMatchObject([{ $$type: "ChangeExecutedEvent" }]);
    expectRefused(await execute(registry, change), "ErrChangeNotQueued");
  });

  it("refuses to queue for anyone but the governor, twice, or for one nanoton too little", async () => {
    for (const from of [world().guardian, world().stranger]) {
      expectRefused(await queue(registry, UNPAUSE, from), "ErrNotGovernor");
    }
    expectRefused(await queue(registry, UNPAUSE, world().governor, 1n), "ErrValueTooLow");
    await queue(registry, UNPAUSE);
    expectRefused(await queue(registry, UNPAUSE), "ErrChangeQueued");
  });

  it("is cancelled by governor or guardian, nobody else, and cannot be executed then", async () => {
    for (const from of [world().governor, world().guardian]) {
      await queue(registry, changeGovernor());
      expectRefused(await cancel(registry, changeGovernor(), world().stranger), "ErrNotGovernor");
      expectRefused(await cancel(registry, changeGovernor(), from, 1n), "ErrValueTooLow");
      const cancelled = await cancel(registry, changeGovernor(), from);
      expectDone(cancelled, { out: 2 });
      expect(events(cancelled.transactions)).toMatchObject([{ $$type: "ChangeCancelledEvent" }]);
    }
    expectRefused(await cancel(registry, changeGovernor()), "ErrChangeNotQueued");
    world().chain.now = START + DAY;
    expectRefused(await execute(registry, changeGovernor()), "ErrChangeNotQueued");
  });

  it("changes hands in two steps, the second by the new governor alone", async () => {
    const accept = body((builder) => builder.storeUint(OP.AcceptGovernor, 32).storeUint(1, 64));
    expectRefused(await send(registry, accept, world().stranger), "ErrNotPendingGovernor");
    await queue(registry, changeGovernor());
    world().chain.now = START + DAY;
    await execute(registry, changeGovernor());
    expectRefused(await send(registry, accept, world().owner), "ErrNotPendingGovernor");
    expectRefused(await send(registry, accept, world().stranger, 1n), "ErrValueTooLow");
    expectDone(await send(registry, accept, world().stranger), { out: 1 });
    expectRefused(await queue(registry, UNPAUSE), "ErrNotGovernor");
    expectDone(await queue(registry, UNPAUSE, world().stranger), { out: 2 });
    expectRefused(await send(registry, accept, world().stranger), "ErrNotPendingGovernor");
  });

  it("holds sixteen changes at most, each queued at the least value", async () => {
    for (let index = 0n; index < 16n; index += 1n) {
      expectDone(await send(registry, worded(OP.QueueChange, index)), { out: 2 });
    }
    expectRefused(await send(registry, worded(OP.QueueChange, 99n)), "ErrTooManyChanges");
  });

  it("refuses to execute a change of no known kind, and it can be cancelled", async () => {
    const unknown = body((builder) => builder.storeUint(0x474f10ff, 32));
    await queue(registry, unknown);
    world().chain.now = START + DAY;
    expectRefused(await execute(registry, unknown), "ErrUnknownChange");
    expectDone(await cancel(registry, unknown), { out: 2 });
  });
});

describe("NetworkRegistry parameters", () => {
  const insane: [string, Partial<NetworkParams>][] = [
    ["a fee above a tenth", { feeBps: 1_001n }],
    ["a bond above the whole budget", { bondBps: 10_001n }],
    ["a challenge longer than a week", { challengeSeconds: 604_801n, unbondingSeconds: 1_000_000n }],
    ["a closing longer than a week", { closeSeconds: 604_801n, unbondingSeconds: 1_000_000n }],
    ["a settlement grace longer than a week", { settleGraceSeconds: 604_801n }],
    ["an unbonding shorter than challenge and closing", { unbondingSeconds: BigInt(2 * DAY - 1) }],
    ["an unbonding longer than a year", { unbondingSeconds: BigInt(365 * DAY + 1) }],
  ];
  it.each(insane)("refuse %s, even after the timelock", async (_case, overrides) => {
    const change = params(overrides);
    await queue("network", change);
    world().chain.now = START + DAY;
    expectRefused(await execute("network", change), "ErrBadParameter");
  });

  it("take effect at the edges of what is allowed", async () => {
    const change = params({ feeBps: 1_000n, bondBps: 10_000n, unbondingSeconds: BigInt(2 * DAY) });
    await queue("network", change);
    world().chain.now = START + DAY;
    expectDone(await execute("network", change), { out: 2 });
    expect(await world().network.getNetworkParams()).toMatchObject({ feeBps: 1_000n, bondBps: 10_000n });
  });

  it("reach a provider only when somebody syncs it", async () => {
    const change = params({ bondBps: 2_000n });
    await queue("network", change);
    world().chain.now = START + DAY;
    await execute("network", change);
    const { provider, stranger } = world();
    const before = await provider.getParams();
    await provider.send(
      stranger.getSender(),
      { value: await provider.getMinValueToSyncParams() },
      { $$type: "SyncParams", queryId: 1n },
    );
    expect((await provider.getParams())?.hash()).not.toEqual(before?.hash());
  });
});
