import { Address, type Cell, Dictionary } from "@ton/core";
import {
  type Offer,
  storeBidOnJob,
  storeDropWorker,
  storeProviderCatalog,
  storeRecheckWorker,
  storeReserveBond,
  storeSetCatalog,
  storeSetOffers,
  storeSyncLane,
  storeSyncParams,
  storeWorkerAttested,
  storeWorkerChecked,
} from "../../../wrappers/messages";
import { attest, body, deliver, NO_RECEIVER, OP, open, syncLane, useWorld } from "../../support/actors";
import { events, expectDone, expectExcess, expectRefused } from "../../support/expect";
import { testKey } from "../../support/keys";
import {
  BUDGET,
  catalog,
  createWorld,
  DAY,
  PRICES,
  profile,
  STAKE,
  START,
  service,
  WORKER,
} from "../../support/world";

const world = useWorld();
const NOBODY = testKey("no such worker").id;

function offers(count: number): Dictionary<bigint, Offer> {
  const list: Dictionary<bigint, Offer> = Dictionary.empty();
  for (let model = 1n; model <= BigInt(count); model += 1n) {
    list.set(model << 128n, { $$type: "Offer", prices: PRICES, contextLength: 1n, concurrency: 1n });
  }
  return list;
}
const setOffers = (count: number, at = profile()) =>
  body(
    storeSetOffers({ $$type: "SetOffers", queryId: 1n, maxOpenJobs: 9n, offers: offers(count), profile: at }),
  );
const setCatalog = (cell: Cell) =>
  body(storeSetCatalog({ $$type: "SetCatalog", queryId: 1n, catalog: cell }));
const drop = (key = WORKER.id) =>
  body(storeDropWorker({ $$type: "DropWorker", queryId: 1n, receiptPublicKey: key }));
const recheck = (key = WORKER.id) =>
  body(storeRecheckWorker({ $$type: "RecheckWorker", queryId: 1n, receiptPublicKey: key }));
const syncParams = body(storeSyncParams({ $$type: "SyncParams", queryId: 1n }));

async function send(content: Cell, value: Promise<bigint>, from = world().operator, short = 0n) {
  return deliver(world(), {
    from,
    to: world().provider.address,
    value: (await value) - short,
    body: content,
  });
}
const least = () => world().provider;
const workers = async () => (await world().provider.getWorkers()).keys();

describe("ProviderStake offers and catalog", () => {
  it.each(["operator", "owner"] as const)(
    "takes sixteen new offers from its %s at the least value",
    async (role) => {
      const changed = await send(setOffers(16), least().getMinValueToSetCatalog(), world()[role]);
      expectDone(changed, { out: 2 });
      expectExcess(changed);
      expect(events(changed.transactions)).toMatchObject([{ $$type: "CatalogChangedEvent" }]);
      const cell = await world().provider.getCatalog();
      // The operator itself is what SetOffers cannot change.
      expect(cell?.beginParse().loadAddress().equals(world().operator.address)).toBe(true);
    },
  );

  it("takes a whole catalog, operator included, from its owner", async () => {
    const changed = await send(
      setCatalog(catalog(world().stranger.address)),
      least().getMinValueToSetCatalog(),
      world().owner,
    );
    expectDone(changed, { out: 2 });
    const value = least().getMinValueToSetCatalog();
    expectRefused(await send(setOffers(1), value), "ErrNotOperator");
    expectDone(await send(setOffers(1), value, world().stranger), { out: 2 });
  });

  it("refuses seventeen offers, a profile too deep, strangers, and one nanoton too little", async () => {
    const value = least().getMinValueToSetCatalog();
    const deep = [1, 2, 3, 4, 5].reduce((cell) => body((builder) => builder.storeRef(cell)), profile());
    const seventeen = body(
      storeProviderCatalog({
        $$type: "ProviderCatalog",
        operator: world().operator.address,
        maxOpenJobs: 1n,
        offers: offers(17),
        profile: profile(),
      }),
    );
    expectRefused(await send(setOffers(17), value), "ErrListTooLong");
    expectRefused(await send(setCatalog(seventeen), value, world().owner), "ErrListTooLong");
    expectRefused(await send(setOffers(1, deep), value), "ErrListTooLong");
    expectRefused(await send(setOffers(1), value, world().stranger), "ErrNotOperator");
    expectRefused(await send(setCatalog(catalog(world().operator.address)), value), "ErrNotOwner");
    expectRefused(await send(setOffers(1), value, world().operator, 1n), "ErrValueTooLow");
    expectRefused(
      await send(setCatalog(catalog(world().operator.address)), value, world().owner, 1n),
      "ErrValueTooLow",
    );
  });
});

describe("ProviderStake workers", () => {
  it("are dropped by the operator at once, and by anyone once they have ended", async () => {
    const value = least().getMinValueToDropWorker();
    expectRefused(await send(drop(), value, world().stranger), "ErrNotOperator");
    expectRefused(await send(drop(), value, world().operator, 1n), "ErrValueTooLow");
    const dropped = await send(drop(), value);
    expectDone(dropped, { out: 2 });
    expectExcess(dropped);
    expect(events(dropped.transactions)).toEqual([
      { $$type: "WorkerDroppedEvent", receiptPublicKey: WORKER.id },
    ]);
    expectRefused(await send(drop(), value), "ErrNoSuchWorker");
    await attest(world());
    world().chain.now = START + DAY;
    expectDone(await send(drop(), value, world().stranger), { out: 2 });
  });

  it("stay when a recheck finds that nothing has changed", async () => {
    const rechecked = await send(recheck(), least().getMinValueToRecheckWorker(), world().stranger);
    expectDone(rechecked, { out: 1 });
    expect(rechecked.transactions).toHaveTransaction({
      from: world().attestation.address,
      to: world().provider.address,
      op: OP.WorkerChecked,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 1,
    });
    expect(await workers()).toEqual([WORKER.id]);
  });

  it("go when a stranger rechecks one whose epoch has passed", async () => {
    await world().attestation.send(
      world().guardian.getSender(),
      { value: await world().attestation.getMinValueToGovern() },
      { $$type: "RaiseEpoch", queryId: 1n },
    );
    const rechecked = await send(recheck(), least().getMinValueToRecheckWorker(), world().stranger);
    expect(rechecked.transactions).toHaveTransaction({
      from: world().provider.address,
      to: world().stranger.address,
      op: OP.Excesses,
    });
    expect(events(rechecked.transactions)).toEqual([
      { $$type: "WorkerDroppedEvent", receiptPublicKey: WORKER.id },
    ]);
    expect(await workers()).toEqual([]);
  });

  it("are not rechecked when unknown, or for one nanoton too little", async () => {
    const value = least().getMinValueToRecheckWorker();
    expectRefused(await send(recheck(NOBODY), value), "ErrNoSuchWorker");
    expectRefused(await send(recheck(), value, world().stranger, 1n), "ErrValueTooLow");
  });

  it("are thirty-two at most, each taken at the least value, and renewals keep their place", async () => {
    for (let index = 1; index < 32; index += 1) {
      await attest(world(), { key: testKey(`worker ${index}`).id });
    }
    expect((await workers()).length).toBe(32);
    const full = await attest(world(), { key: NOBODY });
    expect(full.transactions).toHaveTransaction({
      from: world().attestation.address,
      to: world().provider.address,
      op: OP.WorkerAttested,
      exitCode: 518,
      aborted: true,
    });
    world().chain.now = START + 60;
    const renewed = await attest(world(), { notBefore: START + 60, expiresAt: START + 60 + DAY });
    expect(renewed.transactions).toHaveTransaction({
      op: OP.WorkerAttested,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
  });
});

describe("ProviderStake sync", () => {
  it("fetches the pause bit for anyone", async () => {
    const value = await world().network.getMinValueToGovern();
    await world().network.send(world().guardian.getSender(), { value }, { $$type: "Pause", queryId: 1n });
    const synced = await send(syncParams, least().getMinValueToSyncParams(), world().stranger);
    expectDone(synced, { out: 1 });
    expect(synced.transactions).toHaveTransaction({
      from: world().provider.address,
      to: world().stranger.address,
      op: OP.Excesses,
    });
    expect((await world().provider.getProviderState()).paused).toBe(true);
  });

  it("refuses one nanoton too little", async () => {
    expectRefused(
      await send(syncParams, least().getMinValueToSyncParams(), world().stranger, 1n),
      "ErrValueTooLow",
    );
    const job = await open(world());
    const lane = body(
      storeSyncLane({ $$type: "SyncLane", queryId: 1n, job: job.address, worker: WORKER.id }),
    );
    expectRefused(await send(lane, least().getMinValueToSyncLane(), world().operator, 1n), "ErrValueTooLow");
    expectDone(await syncLane(world(), job.address), { out: 1 });
  });
});

const SOMEONE = Address.parse(`0:${"11".repeat(32)}`);
const BID = {
  $$type: "BidOnJob",
  queryId: 1n,
  developer: SOMEONE,
  nonce: 1n,
  budget: BUDGET,
  openedAt: BigInt(START),
  bps: 9_000n,
  worker: WORKER.id,
} as const;
const RESERVATION = {
  $$type: "ReserveBond",
  queryId: 1n,
  developer: SOMEONE,
  nonce: 1n,
  budget: BUDGET,
  worker: WORKER.id,
  requester: SOMEONE,
  service: service(),
} as const;
const ATTESTED = {
  $$type: "WorkerAttested",
  queryId: 1n,
  receiptPublicKey: WORKER.id,
  responseTo: SOMEONE,
  worker: {
    $$type: "Worker",
    hpkeKeyHash: 1n,
    imageHash: 2n,
    modelHash: 3n,
    expiresAt: BigInt(START + DAY),
    epoch: 1n,
  },
} as const;

describe("ProviderStake before registration", () => {
  it.each([
    ["SyncParams", syncParams, "owner", "ErrNotRegistered"],
    ["SetOffers", setOffers(1), "owner", "ErrNotRegistered"],
    ["DropWorker", drop(), "owner", "ErrNoSuchWorker"],
    ["RecheckWorker", recheck(), "stranger", "ErrNoSuchWorker"],
    ["SetCatalog", setCatalog(catalog(SOMEONE)), "owner", "ErrNotRegistered"],
    [
      "SyncLane",
      body(storeSyncLane({ $$type: "SyncLane", queryId: 1n, job: SOMEONE, worker: WORKER.id })),
      "stranger",
      "ErrNotRegistered",
    ],
    ["BidOnJob", body(storeBidOnJob(BID)), "owner", "ErrNotRegistered"],
    ["ReserveBond", body(storeReserveBond(RESERVATION)), "stranger", "ErrNotRegistered"],
    ["WorkerAttested", body(storeWorkerAttested(ATTESTED)), "stranger", "ErrNotRegistered"],
    [
      "WorkerChecked",
      body(
        storeWorkerChecked({
          $$type: "WorkerChecked",
          queryId: 1n,
          receiptPublicKey: WORKER.id,
          allowed: false,
          responseTo: SOMEONE,
        }),
      ),
      "stranger",
      "ErrNotRegistered",
    ],
  ] as const)("refuses %s", async (_name, content, role, code) => {
    const fresh = await createWorld();
    const delivery = await deliver(fresh, {
      from: fresh[role],
      to: fresh.provider.address,
      value: STAKE,
      body: content,
      ...(fresh.provider.init === undefined ? {} : { init: fresh.provider.init }),
    });
    expectRefused(delivery, code);
  });
});

describe("ProviderStake and bodies that it does not know", () => {
  it.each([
    ["an unknown opcode", body((builder) => builder.storeUint(0xdeadbeef, 32)), NO_RECEIVER],
    ["an opcode alone", body((builder) => builder.storeUint(OP.AddStake, 32)), 9],
    ["half an opcode", body((builder) => builder.storeUint(0x5053, 16)), NO_RECEIVER],
    ["an empty body", body(() => undefined), NO_RECEIVER],
  ])("returns the value of %s and changes nothing", async (_case, content, code) => {
    const delivery = await deliver(world(), {
      from: world().owner,
      to: world().provider.address,
      value: STAKE,
      body: content,
    });
    expectRefused(delivery, code);
  });
});
