import { type Address, type Builder, beginCell, type Cell, Dictionary } from "@ton/core";
import type { Blockchain } from "@ton/sandbox";
import { MAINNET_2026_CONFIG } from "../../relayer/localnet/config";
import { contractCodes } from "../../wrappers/codes";
import {
  storeAddStake,
  storeCancelJob,
  storeCloseJob,
  storeDemandReceipt,
  storeDropWorker,
  storeExpireJob,
  storeFinalizeJob,
  storeOpenJob,
  storePause,
  storeQueueChange,
  storeRaiseEpoch,
  storeRecheckWorker,
  storeRegisterProvider,
  storeReleaseClaims,
  storeReleaseJob,
  storeRequestAcceptance,
  storeSetCatalog,
  storeSetOffers,
  storeSettle,
  storeShowReceipt,
  storeSubmitStatement,
  storeSyncLane,
  storeSyncParams,
  storeTopUpJob,
  storeUnbond,
  storeWithdrawUnbonded,
} from "../../wrappers/messages";
import { providerStake } from "../../wrappers/ProviderStake";
import { body, deliver, type Job, open, UNDERPAID, type Wallet } from "../support/actors";
import { expectRefused } from "../support/expect";
import { settle } from "../support/heads";
import { workerLog } from "../support/lies";
import {
  BUDGET,
  catalog,
  createWorld,
  DAY,
  enlistProvider,
  MODEL,
  openJob,
  profile,
  STAKE,
  START,
  service,
  statement,
  WORKER,
  type World,
} from "../support/world";

const Q = { queryId: 1n } as const;
const AMOUNT = 100_000_000n;

interface Parcel {
  readonly from: Wallet;
  readonly to: Address;
  readonly least: bigint;
  readonly write: (builder: Builder) => unknown;
  readonly init?: Job["init"];
}

interface Case {
  readonly name: string;
  readonly prepare: (world: World, job: Job) => Promise<unknown>;
  readonly parcel: (world: World, job: Job) => Promise<Parcel>;
}

const nothing = async (): Promise<void> => {};
const opened = (world: World) => open(world);
const refused = (world: World) => open(world, { service: service(MODEL, UNDERPAID) });
const claimed = async (world: World, job: Job): Promise<void> => {
  await open(world);
  const value = await job.getMinValueToSettle();
  await job.send(
    world.operator.getSender(),
    { value },
    settle({ job: job.address, amount: AMOUNT, session: null }),
  );
  world.chain.now = START + 2 * DAY;
};
const waiting = async (world: World, job: Job): Promise<void> => {
  await open(world);
  const value = await job.getMinValueToSettle();
  const { amount } = workerLog(job.address).settled();
  await job.send(world.operator.getSender(), { value }, settle({ job: job.address, amount, session: null }));
};
const demandOf = (job: Job) =>
  ({
    $$type: "DemandReceipt",
    ...Q,
    worker: WORKER.id,
    index: 0n,
    head: workerLog(job.address).head(),
  }) as const;
const demanded = async (world: World, job: Job): Promise<void> => {
  await waiting(world, job);
  const value = await job.getMinValueToDemand();
  await job.send(world.developer.getSender(), { value }, demandOf(job));
};
const closed = async (world: World, job: Job): Promise<void> => {
  await open(world);
  const value = await job.getMinValueToCloseJob();
  await job.send(world.developer.getSender(), { value }, { $$type: "CloseJob", ...Q });
  world.chain.now = START + 2 * DAY;
};
const unbonded = async (world: World): Promise<void> => {
  const value = await world.provider.getMinValueToChangeStake();
  await world.provider.send(world.owner.getSender(), { value }, { $$type: "Unbond", ...Q, amount: AMOUNT });
  world.chain.now = START + 8 * DAY;
};

type Who = "developer" | "operator" | "owner" | "stranger" | "governor" | "guardian";

function toJob(
  name: string,
  prepare: Case["prepare"],
  who: Who,
  least: (job: Job) => Promise<bigint>,
  write: (job: Job) => Parcel["write"],
): Case {
  const parcel = async (world: World, job: Job) => ({
    from: world[who],
    to: job.address,
    least: await least(job),
    write: write(job),
  });
  return { name, prepare, parcel };
}

function toProvider(
  name: string,
  prepare: Case["prepare"],
  who: Who,
  least: (provider: World["provider"]) => Promise<bigint>,
  write: (world: World, job: Job) => Parcel["write"],
): Case {
  const parcel = async (world: World, job: Job) => ({
    from: world[who],
    to: world.provider.address,
    least: await least(world.provider),
    write: write(world, job),
  });
  return { name, prepare, parcel };
}

const CASES: readonly Case[] = [
  {
    name: "OpenJob",
    prepare: nothing,
    parcel: async (world, job) => ({
      from: world.developer,
      to: job.address,
      least: BUDGET + (await world.network.getMinValueToOpenJob()),
      write: storeOpenJob(openJob(world)),
      init: job.init,
    }),
  },
  toJob(
    "RequestAcceptance",
    refused,
    "operator",
    (job) => job.getMinValueToRequestAcceptance(),
    () => storeRequestAcceptance({ $$type: "RequestAcceptance", ...Q, worker: WORKER.id }),
  ),
  toJob(
    "TopUpJob",
    opened,
    "developer",
    async (job) => AMOUNT + (await job.getMinValueToTopUpJob()),
    () => storeTopUpJob({ $$type: "TopUpJob", ...Q, amount: AMOUNT }),
  ),
  toJob(
    "Settle",
    opened,
    "stranger",
    (job) => job.getMinValueToSettle(),
    (job) => storeSettle(settle({ job: job.address, amount: AMOUNT })),
  ),
  toJob(
    "ReleaseClaims",
    claimed,
    "stranger",
    (job) => job.getMinValueToReleaseClaims(),
    () => storeReleaseClaims({ $$type: "ReleaseClaims", ...Q, worker: WORKER.id }),
  ),
  toJob(
    "DemandReceipt",
    waiting,
    "developer",
    (job) => job.getMinValueToDemand(),
    (job) => storeDemandReceipt(demandOf(job)),
  ),
  toJob(
    "ShowReceipt",
    demanded,
    "stranger",
    (job) => job.getMinValueToShowReceipt(),
    (job) => storeShowReceipt({ $$type: "ShowReceipt", ...Q, receipt: workerLog(job.address).receipt(0) }),
  ),
  toJob(
    "CloseJob",
    opened,
    "developer",
    (job) => job.getMinValueToCloseJob(),
    () => storeCloseJob({ $$type: "CloseJob", ...Q }),
  ),
  toJob(
    "CancelJob",
    refused,
    "developer",
    (job) => job.getMinValueToEndJob(),
    () => storeCancelJob({ $$type: "CancelJob", ...Q }),
  ),
  toJob(
    "ExpireJob of an Open job",
    async (world) => {
      await refused(world);
      world.chain.now = START + 2 * DAY;
    },
    "stranger",
    (job) => job.getMinValueToEndJob(),
    () => storeExpireJob({ $$type: "ExpireJob", ...Q }),
  ),
  toJob(
    "FinalizeJob",
    closed,
    "stranger",
    (job) => job.getMinValueToEndJob(),
    () => storeFinalizeJob({ $$type: "FinalizeJob", ...Q }),
  ),
  toJob(
    "ReleaseJob",
    claimed,
    "owner",
    (job) => job.getMinValueToEndJob(),
    () => storeReleaseJob({ $$type: "ReleaseJob", ...Q }),
  ),
  {
    name: "RegisterProvider",
    prepare: nothing,
    parcel: async (world) => {
      const fresh = await createWorldProvider(world);
      return {
        from: world.stranger,
        to: fresh.address,
        least: STAKE + (await world.network.getMinValueToRegister()),
        write: storeRegisterProvider({
          $$type: "RegisterProvider",
          ...Q,
          stake: STAKE,
          catalog: catalog(world.operator.address),
        }),
        init: fresh.init,
      };
    },
  },
  toProvider(
    "SyncParams",
    nothing,
    "stranger",
    (provider) => provider.getMinValueToSyncParams(),
    () => storeSyncParams({ $$type: "SyncParams", ...Q }),
  ),
  toProvider(
    "AddStake",
    nothing,
    "owner",
    async (provider) => AMOUNT + (await provider.getMinValueToChangeStake()),
    () => storeAddStake({ $$type: "AddStake", ...Q, amount: AMOUNT }),
  ),
  toProvider(
    "Unbond",
    nothing,
    "owner",
    (provider) => provider.getMinValueToChangeStake(),
    () => storeUnbond({ $$type: "Unbond", ...Q, amount: AMOUNT }),
  ),
  toProvider(
    "WithdrawUnbonded",
    unbonded,
    "owner",
    (provider) => provider.getMinValueToChangeStake(),
    () => storeWithdrawUnbonded({ $$type: "WithdrawUnbonded", ...Q }),
  ),
  toProvider(
    "SetCatalog",
    nothing,
    "owner",
    (provider) => provider.getMinValueToSetCatalog(),
    (world) => storeSetCatalog({ $$type: "SetCatalog", ...Q, catalog: catalog(world.operator.address) }),
  ),
  toProvider(
    "SetOffers",
    nothing,
    "operator",
    (provider) => provider.getMinValueToSetCatalog(),
    () =>
      storeSetOffers({
        $$type: "SetOffers",
        ...Q,
        maxOpenJobs: 1n,
        offers: Dictionary.empty(),
        profile: profile(),
      }),
  ),
  toProvider(
    "DropWorker",
    nothing,
    "operator",
    (provider) => provider.getMinValueToDropWorker(),
    () => storeDropWorker({ $$type: "DropWorker", ...Q, receiptPublicKey: WORKER.id }),
  ),
  toProvider(
    "RecheckWorker",
    (world) =>
      world.attestation.send(world.guardian.getSender(), { value: BUDGET }, { $$type: "RaiseEpoch", ...Q }),
    "stranger",
    (provider) => provider.getMinValueToRecheckWorker(),
    () => storeRecheckWorker({ $$type: "RecheckWorker", ...Q, receiptPublicKey: WORKER.id }),
  ),
  toProvider(
    "SyncLane",
    opened,
    "operator",
    (provider) => provider.getMinValueToSyncLane(),
    (_, job) => storeSyncLane({ $$type: "SyncLane", ...Q, job: job.address, worker: WORKER.id }),
  ),
  {
    name: "SubmitStatement",
    prepare: nothing,
    parcel: async (world) => ({
      from: world.stranger,
      to: world.attestation.address,
      least: await world.attestation.getMinValueToSubmitStatement(2n),
      write: storeSubmitStatement(statement(world, { key: 5n })),
    }),
  },
  {
    name: "RaiseEpoch",
    prepare: nothing,
    parcel: async (world) => ({
      from: world.guardian,
      to: world.attestation.address,
      least: await world.attestation.getMinValueToGovern(),
      write: storeRaiseEpoch({ $$type: "RaiseEpoch", ...Q }),
    }),
  },
  {
    name: "QueueChange",
    prepare: nothing,
    parcel: async (world) => ({
      from: world.governor,
      to: world.network.address,
      least: await world.network.getMinValueToGovern(),
      write: storeQueueChange({ $$type: "QueueChange", ...Q, changeHash: 1n }),
    }),
  },
  {
    name: "Pause",
    prepare: nothing,
    parcel: async (world) => ({
      from: world.guardian,
      to: world.network.address,
      least: await world.network.getMinValueToGovern(),
      write: storePause({ $$type: "Pause", ...Q }),
    }),
  },
];

async function createWorldProvider(world: World) {
  const codes = await contractCodes();
  return providerStake({
    registry: world.network.address,
    owner: world.stranger.address,
    index: 7,
    jobCode: codes.job,
  });
}

/** Mainnet's prices with gas three times and forwarding twice as dear. */
function dearerConfig(): Cell {
  const config = Dictionary.loadDirect(
    Dictionary.Keys.Int(32),
    Dictionary.Values.Cell(),
    MAINNET_2026_CONFIG,
  );
  const gas = config.get(21)?.beginParse();
  const forward = config.get(25)?.beginParse();
  if (gas === undefined || forward === undefined) {
    throw new Error("The configuration has no prices.");
  }
  const dearerGas = beginCell()
    .storeUint(gas.loadUint(8), 8)
    .storeUint(gas.loadUintBig(64), 64)
    .storeUint(gas.loadUintBig(64) * 3n, 64)
    .storeUint(gas.loadUint(8), 8)
    .storeUint(gas.loadUintBig(64) * 3n, 64)
    .storeSlice(gas);
  const dearerForward = beginCell().storeUint(forward.loadUint(8), 8);
  for (let price = 0; price < 3; price++) {
    dearerForward.storeUint(forward.loadUintBig(64) * 2n, 64);
  }
  config.set(21, dearerGas.endCell());
  config.set(25, dearerForward.storeSlice(forward).endCell());
  return beginCell().storeDictDirect(config).endCell();
}

describe.each([
  ["at mainnet's prices", MAINNET_2026_CONFIG],
  ["with gas three times and forwarding twice as dear", dearerConfig()],
])("The least value %s", (_, config) => {
  let world: World;
  let start: ReturnType<Blockchain["snapshot"]>;
  beforeAll(async () => {
    world = await createWorld({ config });
    await enlistProvider(world);
    start = world.chain.snapshot();
  });

  async function send({ prepare, parcel }: Case, less: bigint) {
    await world.chain.loadFrom(start);
    world.chain.now = START;
    const job = await world.job(1n);
    await prepare(world, job);
    const { from, to, least, write, init } = await parcel(world, job);
    const value = least - less;
    return deliver(world, { from, to, value, body: body(write), ...(init === undefined ? {} : { init }) });
  }

  it.each(CASES.map((each) => [each.name, each] as const))(
    "of %s carries its whole chain of messages",
    async (_name, each) => {
      const { transactions } = await send(each, 0n);
      for (const { description } of transactions) {
        if (description.type !== "generic") {
          throw new Error(`A message caused a ${description.type} transaction.`);
        }
        expect(description.aborted).toBe(false);
        expect(description.actionPhase?.resultCode ?? 0).toBe(0);
        expect(description.actionPhase?.skippedActions ?? 0).toBe(0);
      }
    },
  );

  it.each(CASES.map((each) => [each.name, each] as const))(
    "of %s is not one nanoton less",
    async (_name, each) => {
      expectRefused(await send(each, 1n), "ErrValueTooLow");
    },
  );
});

describe("An event that costs more than what came with it", () => {
  it("undoes its transaction and returns the value", async () => {
    const world = await createWorld();
    await enlistProvider(world);
    // 341 different cells in five levels: legal, and dearer to send than the largest profile that has its fields.
    const tree = (depth: number, salt: bigint): Cell => {
      const cell = beginCell().storeUint(salt, 900);
      for (let i = 0n; i < 4n && depth > 0; i++) {
        cell.storeRef(tree(depth - 1, salt * 4n + i + 1n));
      }
      return cell.endCell();
    };
    const sent = await deliver(world, {
      from: world.operator,
      to: world.provider.address,
      value: await world.provider.getMinValueToSetCatalog(),
      body: body(
        storeSetOffers({
          $$type: "SetOffers",
          ...Q,
          maxOpenJobs: 1n,
          offers: Dictionary.empty(),
          profile: tree(4, 1n),
        }),
      ),
    });
    expect(sent.transactions).toHaveTransaction({
      from: world.provider.address,
      to: world.operator.address,
      inMessageBounced: true,
    });
    expect(sent.after.data).toBe(sent.before.data);
  });
});
