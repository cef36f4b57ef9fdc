import { type Address, beginCell, type Cell, Dictionary, toNano } from "@ton/core";
import {
  type BlockchainTransaction,
  createShardAccount,
  type SandboxContract,
  type SendMessageResult,
  type SmartContract,
} from "@ton/sandbox";
import { makeTestCollateral, makeTestCrl } from "../relayer/attestation/tdx/makeTestCollateral";
import { cutQeIdentity, cutRevocation, cutTcbInfo } from "../relayer/attestation/tdx/onChainCollateral";
import { chainOfCells, deliverAnswer, openTask, TASK_SECONDS } from "../tests/contracts/tasks/cast";
import { expire } from "../tests/support/actors";
import { settle } from "../tests/support/heads";
import { type TestKey, testKey } from "../tests/support/keys";
import {
  IMAGES,
  MACHINE,
  QUOTE_POLICY,
  ROOT_SEED,
  registerAuthority,
  showBlocks,
  submitQuote,
} from "../tests/support/quotes";
import {
  AUCTION_SECONDS,
  BUDGET,
  bidOnJob,
  catalog,
  createWorld,
  DAY,
  enlistProvider,
  MODEL,
  openAuction,
  openJob,
  PRICES,
  STAKE,
  START,
  service,
  statement,
  WORKER,
  type World,
} from "../tests/support/world";
import { contractCodes } from "../wrappers/codes";
import { JobEscrow } from "../wrappers/JobEscrow";
import { type ModelMarket, modelMarket } from "../wrappers/ModelMarket";
import {
  type Offer,
  storeProviderCatalog,
  storeProviderProfile,
  storeSetAttestors,
} from "../wrappers/messages";

const OP: Readonly<Record<string, number>> = JobEscrow.opcodes;
const MUCH = toNano("3");
const QUERY = { queryId: 1n } as const;
const MAX_LANES = 16;
const MAX_WORKERS = 32;
const MAX_OFFERS = 16;
const MAX_ATTESTORS = 16;
const MAX_RESPONSE_CELLS = 66;

/** Gas of handlers, and sizes, in their most expensive legal cases; names as in `contracts/shared/gas.tact`. */
export interface Measured {
  readonly gas: Record<string, number>;
  /** Cells and bits of messages beyond their first cell, and of whole accounts. */
  readonly sizes: Record<string, { readonly cells: number; readonly bits: number }>;
}

/** `count` keys of which the first lies as deep in a dictionary as that many can make it. */
export function chainOfKeys(first: bigint, count: number): bigint[] {
  return [first, ...Array.from({ length: count - 1 }, (_, i) => first ^ (1n << BigInt(255 - i)))];
}

class Recorder {
  readonly gas: Record<string, number> = {};
  readonly sizes: Record<string, { cells: number; bits: number }> = {};

  /** Notes the gas of the transaction at `address` that was caused by the message of that name. */
  note(
    constant: string,
    result: Pick<SendMessageResult, "transactions">,
    address: Address,
    message: string,
  ): void {
    this.keep(constant, gasOf(transactionOf(result, address, message)));
  }

  keep(constant: string, gas: number): void {
    this.gas[constant] = Math.max(this.gas[constant] ?? 0, gas);
  }

  /** Notes what these messages carry beyond their first cells, together. */
  noteSizes(constant: string, ...messages: readonly (Cell | undefined)[]): void {
    const size = messages.reduce(
      (sum, message) => {
        const { cells: count, bits } = sizeOf(message?.refs ?? []);
        return { cells: sum.cells + count, bits: sum.bits + bits };
      },
      { cells: 0, bits: 0 },
    );
    this.sizes[constant] = size;
  }
}

export function transactionOf(
  result: Pick<SendMessageResult, "transactions">,
  address: Address,
  message: string,
) {
  const found = result.transactions.find((tx) => {
    const to = tx.inMessage?.info;
    return to?.type === "internal" && to.dest.equals(address) && opcodeOf(tx.inMessage?.body) === OP[message];
  });
  if (found === undefined) {
    throw new Error(`There is no ${message} at ${address}.`);
  }
  return found;
}

function opcodeOf(body: Cell | undefined): number | undefined {
  const slice = body?.beginParse();
  return slice !== undefined && slice.remainingBits >= 32 ? slice.preloadUint(32) : undefined;
}

/** Gas of a transaction that went through. */
export function gasOf(tx: BlockchainTransaction): number {
  if (
    tx.description.type !== "generic" ||
    tx.description.computePhase.type !== "vm" ||
    tx.description.aborted
  ) {
    const phase = tx.description.type === "generic" ? tx.description.computePhase : undefined;
    throw new Error(
      `A transaction to be measured failed: ${phase?.type === "vm" ? phase.exitCode : "skipped"}.`,
    );
  }
  return Number(tx.description.computePhase.gasUsed);
}

/** Distinct cells below and including these, and their bits. */
export function sizeOf(roots: readonly Cell[]): { cells: number; bits: number } {
  const seen = new Map<string, number>();
  const walk = (cell: Cell): void => {
    const hash = cell.hash().toString("hex");
    if (!seen.has(hash)) {
      seen.set(hash, cell.bits.length);
      cell.refs.forEach(walk);
    }
  };
  roots.forEach(walk);
  return { cells: seen.size, bits: [...seen.values()].reduce((sum, bits) => sum + bits, 0) };
}

/** Measures every handler. */
export async function measureGas(): Promise<Measured> {
  const record = new Recorder();
  await measureProvider(record);
  await measureJob(record);
  await measureAuction(record);
  await measureTask(record);
  await measureGovernance(record);
  await measureStatements(record);
  await measureQuoteHandlers(record);
  return { gas: record.gas, sizes: record.sizes };
}

function fullCatalog(operator: Address): Cell {
  return beginCell()
    .store(
      storeProviderCatalog({
        $$type: "ProviderCatalog",
        operator,
        maxOpenJobs: 100n,
        offers: fullOffers(),
        profile: fullProfile(),
      }),
    )
    .endCell();
}

function fullOffers(): Dictionary<bigint, Offer> {
  const offers = Dictionary.empty<bigint, Offer>();
  chainOfKeys(MODEL, MAX_OFFERS).forEach((model, i) => {
    offers.set(model, { $$type: "Offer", prices: PRICES, contextLength: BigInt(4_096 + i), concurrency: 8n });
  });
  return offers;
}

function fullProfile(): Cell {
  return beginCell()
    .store(
      storeProviderProfile({
        $$type: "ProviderProfile",
        gpuCount: 8n,
        vramGb: 141n,
        availability: (1n << 168n) - 1n,
        gpuModel: "G".repeat(127),
        region: "R".repeat(127),
        endpoint: "E".repeat(127),
      }),
    )
    .endCell();
}

/** A world whose provider has every offer and worker that fits, in the deepest dictionaries. */
export async function fullWorld(record?: Recorder): Promise<World> {
  const world = await createWorld();
  const { provider, owner, operator, attestation, network } = world;
  const registered = await provider.send(
    owner.getSender(),
    { value: STAKE + MUCH },
    { $$type: "RegisterProvider", ...QUERY, stake: STAKE, catalog: fullCatalog(operator.address) },
  );
  record?.note("GasRegisterProvider", registered, provider.address, "RegisterProvider");
  record?.note("GasAnnounceProvider", registered, network.address, "AnnounceProvider");
  record?.note("GasProviderAdmitted", registered, provider.address, "ProviderAdmitted");
  for (const key of chainOfKeys(WORKER.id, MAX_WORKERS).reverse()) {
    const attested = await attestation.send(operator.getSender(), { value: MUCH }, statement(world, { key }));
    record?.note("GasWorkerAttested", attested, provider.address, "WorkerAttested");
    record?.noteSizes(
      "Attested",
      ...sentInternal(attested, attestation.address, "SubmitStatement"),
      ...sentEvents(attested, provider.address, "WorkerAttested"),
    );
  }
  if (record !== undefined) {
    record.noteSizes(
      "Admission",
      ...sentInternal(registered, provider.address, "RegisterProvider"),
      ...sentInternal(registered, network.address, "AnnounceProvider"),
      ...sentEvents(registered, network.address, "AnnounceProvider"),
    );
    const catalogEvents = sentEvents(registered, provider.address, "RegisterProvider");
    record.noteSizes("Catalog", catalogEvents[1]);
    record.noteSizes("Event", catalogEvents[0]);
  }
  return world;
}

type Sent = Pick<SendMessageResult, "transactions">;

/** Messages that the transaction sent out, as the chain keeps them: internal ones, or events. */
function sentBy(result: Sent, address: Address, message: string, kind: "internal" | "event"): Cell[] {
  const raw = transactionOf(result, address, message).raw.refs[0]?.beginParse();
  raw?.loadMaybeRef(); // the message that came in
  const sent = raw?.loadDict(Dictionary.Keys.Uint(15), Dictionary.Values.Cell()).values() ?? [];
  return sent.filter((cell) => cell.beginParse().loadBit() === (kind === "event"));
}

function sentInternal(result: Sent, address: Address, message: string): Cell[] {
  return sentBy(result, address, message, "internal");
}

function sentEvents(result: Sent, address: Address, message: string): Cell[] {
  return sentBy(result, address, message, "event");
}

async function measureProvider(record: Recorder): Promise<void> {
  const world = await fullWorld(record);
  const { provider, owner, operator, stranger } = world;
  const value = MUCH;
  const send = async (constant: string, from: typeof owner, message: Parameters<typeof provider.send>[2]) => {
    const result = await provider.send(from.getSender(), { value }, message);
    const name = message === null ? "" : message.$$type;
    record.note(constant, result, provider.address, name);
    return result;
  };
  await send("GasSyncParams", stranger, { $$type: "SyncParams", ...QUERY });
  await send("GasStake", owner, { $$type: "AddStake", ...QUERY, amount: 5n });
  await send("GasStake", owner, { $$type: "Unbond", ...QUERY, amount: 5n });
  await send("GasSetCatalog", owner, {
    $$type: "SetCatalog",
    ...QUERY,
    catalog: fullCatalog(operator.address),
  });
  await send("GasSetCatalog", operator, {
    $$type: "SetOffers",
    ...QUERY,
    maxOpenJobs: 100n,
    offers: fullOffers(),
    profile: fullProfile(),
  });
  const job = await world.job(1n);
  await send("GasSyncLane", operator, { $$type: "SyncLane", ...QUERY, job: job.address, worker: WORKER.id });
  const whole = await world.chain.getContract(provider.address);
  record.sizes.ProviderStake = accountSize(whole);

  const checked = await send("GasRecheckWorker", stranger, {
    $$type: "RecheckWorker",
    ...QUERY,
    receiptPublicKey: WORKER.id,
  });
  record.note("GasCheckWorker", checked, world.attestation.address, "CheckWorker");
  await world.attestation.send(world.guardian.getSender(), { value }, { $$type: "RaiseEpoch", ...QUERY });
  const dropped = await send("GasRecheckWorker", stranger, {
    $$type: "RecheckWorker",
    ...QUERY,
    receiptPublicKey: WORKER.id,
  });
  record.note("GasWorkerChecked", dropped, provider.address, "WorkerChecked");
  record.noteSizes(
    "Recheck",
    ...sentInternal(dropped, provider.address, "RecheckWorker"),
    ...sentInternal(dropped, world.attestation.address, "CheckWorker"),
    ...sentEvents(dropped, provider.address, "WorkerChecked"),
  );

  const other = await fullWorld();
  const { owner: otherOwner } = other;
  const drop = await other.provider.send(
    other.operator.getSender(),
    { value },
    { $$type: "DropWorker", ...QUERY, receiptPublicKey: WORKER.id },
  );
  record.note("GasDropWorker", drop, other.provider.address, "DropWorker");
  await other.provider.send(otherOwner.getSender(), { value }, { $$type: "Unbond", ...QUERY, amount: 5n });
  other.chain.now = START + 8 * DAY;
  const withdrawn = await other.provider.send(
    otherOwner.getSender(),
    { value },
    { $$type: "WithdrawUnbonded", ...QUERY },
  );
  record.note("GasStake", withdrawn, other.provider.address, "WithdrawUnbonded");
}

async function measureJob(record: Recorder): Promise<void> {
  const world = await fullWorld();
  const { developer, operator, provider, stranger } = world;
  const job = await world.job(1n);
  const value = MUCH;
  const cheap = { ...PRICES, prompt: 1n };
  const refused = await job.send(
    developer.getSender(),
    { value: BUDGET + value },
    openJob(world, { service: service(MODEL, cheap) }),
  );
  record.note("GasOpenJob", refused, job.address, "OpenJob");
  record.noteSizes("TermsEvent", ...sentEvents(refused, job.address, "OpenJob"));
  record.noteSizes("ReserveBond", ...sentInternal(refused, job.address, "OpenJob"));
  const accepted = await job.send(
    operator.getSender(),
    { value },
    { $$type: "RequestAcceptance", ...QUERY, worker: WORKER.id },
  );
  record.note("GasRequestAcceptance", accepted, job.address, "RequestAcceptance");
  record.note("GasReserveBond", accepted, provider.address, "ReserveBond");
  record.note("GasBondReserved", accepted, job.address, "BondReserved");
  record.noteSizes("BondReserved", ...sentInternal(accepted, provider.address, "ReserveBond"));

  const offered = await world.job(2n);
  const opened = await offered.send(developer.getSender(), { value: BUDGET + value }, openJob(world));
  record.note("GasOpenJob", opened, offered.address, "OpenJob");
  record.note("GasReserveBond", opened, provider.address, "ReserveBond");
  record.note("GasBondReserved", opened, offered.address, "BondReserved");

  const toppedUp = await job.send(
    developer.getSender(),
    { value: BUDGET + value },
    { $$type: "TopUpJob", ...QUERY, amount: BUDGET },
  );
  record.note("GasTopUpJob", toppedUp, job.address, "TopUpJob");

  // Fifteen lanes are there; the sixteenth is the deepest.
  const lanes = chainOfKeys(WORKER.id, MAX_LANES);
  await putLanes(world, job.address, lanes.slice(1), 0n);
  const synced = await provider.send(
    operator.getSender(),
    { value },
    { $$type: "SyncLane", ...QUERY, job: job.address, worker: WORKER.id },
  );
  record.note("GasLaneSynced", synced, job.address, "LaneSynced");
  record.noteSizes("LaneSynced", ...sentInternal(synced, provider.address, "SyncLane"));
  record.sizes.JobCode = sizeOf([(await contractCodes("whole")).job]);
  record.sizes.JobEscrow = accountSize(await world.chain.getContract(job.address));

  await measureClaims(record, world, job);

  const closing = await offered.send(developer.getSender(), { value }, { $$type: "CloseJob", ...QUERY });
  record.note("GasCloseJob", closing, offered.address, "CloseJob");
  const third = await world.job(3n);
  await third.send(developer.getSender(), { value: BUDGET + value }, openJob(world));
  world.chain.now = START + 8 * DAY;
  const expired = await third.send(stranger.getSender(), { value }, { $$type: "ExpireJob", ...QUERY });
  record.note("GasCloseJob", expired, third.address, "ExpireJob");
}

/** Two tranches wait in each of sixteen lanes. */
async function measureClaims(
  record: Recorder,
  world: World,
  job: Awaited<ReturnType<World["job"]>>,
): Promise<void> {
  const { operator, developer, stranger, provider } = world;
  const value = MUCH;
  const lanes = chainOfKeys(WORKER.id, MAX_LANES);
  const at = BigInt(START + 100);
  const pending = (1_000n << 128n) | (at << 96n) | (2_000n << 32n) | (at + 100n);
  const snapshot = world.chain.snapshot();
  const cases: readonly (readonly [number, bigint, TestKey | null | undefined])[] = [
    [START + 90, 5_000n, undefined],
    [START + 90, 1_500n, undefined],
    [START + 150, 5_000n, undefined],
    [START + 250, 5_000n, undefined],
    [START + 150, 5_000n, null],
    [START + 250, 5_000n, null],
  ];
  for (const [now, amount, session] of cases) {
    await world.chain.loadFrom(snapshot);
    await putLanes(world, job.address, lanes, pending);
    world.chain.now = now;
    const fields = { job: job.address, amount, ...(session === undefined ? {} : { session }) };
    const result = await job.send(stranger.getSender(), { value }, settle(fields));
    record.note("GasSettle", result, job.address, "Settle");
  }
  for (const now of [START + 150, START + 250]) {
    await world.chain.loadFrom(snapshot);
    await putLanes(world, job.address, lanes, pending);
    world.chain.now = now;
    const result = await job.send(
      stranger.getSender(),
      { value },
      { $$type: "ReleaseClaims", ...QUERY, worker: WORKER.id },
    );
    record.note("GasReleaseClaims", result, job.address, "ReleaseClaims");
  }
  await world.chain.loadFrom(snapshot);
  await putLanes(world, job.address, lanes, pending);
  world.chain.now = START + 250;
  const released = await job.send(operator.getSender(), { value }, { $$type: "ReleaseJob", ...QUERY });
  record.note("GasEndJob", released, job.address, "ReleaseJob");
  record.note("GasJobClosed", released, provider.address, "JobClosed");
  record.noteSizes("JobClosed", ...sentInternal(released, job.address, "ReleaseJob"));
  await world.chain.loadFrom(snapshot);
  await putLanes(world, job.address, lanes, pending);
  await job.send(developer.getSender(), { value }, { $$type: "CloseJob", ...QUERY });
  world.chain.now = START + 3 * DAY;
  const result = await job.send(stranger.getSender(), { value }, { $$type: "FinalizeJob", ...QUERY });
  record.note("GasEndJob", result, job.address, "FinalizeJob");
  record.note("GasJobClosed", result, provider.address, "JobClosed");
  await world.chain.loadFrom(snapshot);

  await putLanes(world, job.address, lanes, pending);
  world.chain.now = START + 150;
  const disputed = await job.send(developer.getSender(), { value }, { $$type: "DisputeClaim", ...QUERY });
  record.note("GasDispute", disputed, job.address, "DisputeClaim");
  world.chain.now = START + 150 + DAY;
  const ruling = { $$type: "ResolveDispute", ...QUERY, bps: 5_000n } as const;
  const ruled = await job.send(world.guardian.getSender(), { value }, ruling);
  const beyond = gasOf(transactionOf(ruled, job.address, "ResolveDispute")) - (record.gas.GasEndJob ?? 0);
  record.keep("GasResolveDispute", beyond);
  await world.chain.loadFrom(snapshot);
}

/** Writes lanes into an Active job, as 16 attested workers could have made them. */
export async function putLanes(
  world: World,
  job: Address,
  keys: readonly bigint[],
  pending: bigint,
): Promise<void> {
  const account = await world.chain.getContract(job);
  const state = account.account.account?.storage.state;
  if (state?.type !== "active" || !state.state.code || !state.state.data) {
    throw new Error("The job is not deployed.");
  }
  const lanes = Dictionary.empty<bigint, bigint>(Dictionary.Keys.BigUint(256), {
    serialize: (latest, builder) =>
      builder
        .storeUint(0, 64)
        .storeUint(START + DAY, 32)
        .storeUint(latest, 192),
    parse: () => 0n,
  });
  for (const key of keys) {
    lanes.set(key, pending);
  }
  const old = state.state.data.beginParse();
  const data = beginCell().storeUint(old.loadUint(8), 8).storeCoins(old.loadCoins());
  old.loadCoins();
  data.storeCoins(pending === 0n ? 0n : 2_000n * BigInt(keys.length)); // committed
  data.storeCoins(old.loadCoins()).storeCoins(old.loadCoins()).storeUint(old.loadUint(32), 32);
  old.loadMaybeRef();
  data.storeDict(lanes).storeRef(old.loadRef());
  await world.chain.setShardAccount(
    job,
    createShardAccount({
      address: job,
      code: state.state.code,
      data: data.endCell(),
      balance: account.balance,
      workchain: 0,
    }),
  );
}

/** A task with every lane in use and the largest response, and one that is late. */
async function measureTask(record: Recorder): Promise<void> {
  const world = await fullWorld();
  const { provider, chain } = world;
  const response = chainOfCells(MAX_RESPONSE_CELLS);
  const { job, ...opened } = await openTask(world);
  record.note("GasOpenTask", opened, job.address, "OpenTask");
  await putLanes(world, job.address, chainOfKeys(WORKER.id, MAX_LANES), 0n);
  const done = await deliverAnswer(world, job, { response, least: MUCH });
  record.note("GasEndJob", done, job.address, "DeliverTask");

  const { job: late } = await openTask(world, { nonce: 2n });
  chain.now = START + TASK_SECONDS;
  const expired = await expire(world, late);
  const closed = gasOf(transactionOf(expired, provider.address, "JobClosed"));
  record.keep("GasPenalty", closed - (record.gas.GasJobClosed ?? 0));
}

/** Two jobs are sold, each to the second bid of the same provider. */
async function measureAuction(record: Recorder): Promise<void> {
  const world = await fullWorld();
  const { stranger, chain } = world;
  const value = MUCH;
  const market = chain.openContract(await modelMarket({ registry: world.network.address, modelHash: MODEL }));
  const declared = await market.send(
    stranger.getSender(),
    { value },
    { $$type: "DeclareDemand", ...QUERY, tokensPerDay: 1_000_000_000n },
  );
  record.note("GasDeclareDemand", declared, market.address, "DeclareDemand");
  for (const nonce of [1n, 2n]) {
    await measureSale(record, world, market, nonce);
  }
  const asked = await market.send(stranger.getSender(), { value }, { $$type: "AskPrice", ...QUERY });
  record.note("GasAskPrice", asked, market.address, "AskPrice");
  record.sizes.ModelMarket = accountSize(await chain.getContract(market.address));
}

async function measureSale(
  record: Recorder,
  world: World,
  market: SandboxContract<ModelMarket>,
  nonce: bigint,
): Promise<void> {
  const { developer, operator, provider, stranger, chain } = world;
  const value = MUCH;
  const job = await world.job(nonce);
  const openedAt = BigInt(chain.now ?? START);
  const opened = await job.send(
    developer.getSender(),
    { value: BUDGET + value },
    openAuction(world, { market: market.address }),
  );
  record.note("GasOpenAuction", opened, job.address, "OpenAuction");
  record.note("GasAnnounceAuction", opened, market.address, "AnnounceAuction");
  record.noteSizes(
    "AnnounceAuction",
    ...sentInternal(opened, job.address, "OpenAuction"),
    ...sentEvents(opened, market.address, "AnnounceAuction"),
  );
  for (const bps of [9_000n, 8_000n]) {
    const result = await provider.send(
      operator.getSender(),
      { value },
      bidOnJob(world, { bps, nonce, openedAt }),
    );
    record.note("GasBidOnJob", result, provider.address, "BidOnJob");
    record.note("GasBidPlaced", result, job.address, "BidPlaced");
    if (bps === 8_000n) {
      record.note("GasBidLost", result, provider.address, "BidLost");
      record.noteSizes(
        "BidPlaced",
        ...sentInternal(result, provider.address, "BidOnJob"),
        ...sentInternal(result, job.address, "BidPlaced"),
      );
    }
  }
  chain.now = Number(openedAt) + AUCTION_SECONDS;
  const awarded = await job.send(stranger.getSender(), { value }, { $$type: "AwardJob", ...QUERY });
  record.note("GasAwardJob", awarded, job.address, "AwardJob");
  record.note("GasConfirmBid", awarded, provider.address, "ConfirmBid");
  record.note("GasBondReserved", awarded, job.address, "BondReserved");
  record.noteSizes(
    "Award",
    ...sentInternal(awarded, job.address, "AwardJob"),
    ...sentEvents(awarded, job.address, "AwardJob"),
    ...sentInternal(awarded, provider.address, "ConfirmBid"),
  );
  await putLanes(world, job.address, chainOfKeys(WORKER.id, MAX_LANES), 0n);
  await job.send(
    operator.getSender(),
    { value },
    settle({ job: job.address, amount: toNano("0.5"), issuedAt: chain.now }),
  );
  const ended = await job.send(operator.getSender(), { value }, { $$type: "ReleaseJob", ...QUERY });
  record.note("GasEndJob", ended, job.address, "ReleaseJob");
  record.note("GasReportSale", ended, market.address, "ReportSale");
  record.noteSizes(
    "ReportSale",
    sentInternal(ended, job.address, "ReleaseJob").find((cell) => {
      const message = cell.beginParse().skip(4);
      message.loadAddress(); // from
      return message.loadAddress().equals(market.address);
    }),
  );
}

export function accountSize(contract: SmartContract): { cells: number; bits: number } {
  const used = contract.account.account?.storageStats.used;
  if (used === undefined) {
    throw new Error("The account does not exist.");
  }
  return { cells: Number(used.cells), bits: Number(used.bits) };
}

async function measureGovernance(record: Recorder): Promise<void> {
  const world = await createWorld();
  const { governor, guardian, attestation, stranger } = world;
  const value = MUCH;
  const attestors = Dictionary.empty<number, bigint>(Dictionary.Keys.Uint(8), Dictionary.Values.BigUint(256));
  for (let index = 0; index < MAX_ATTESTORS; index++) {
    attestors.set(index, testKey(`attestor ${index}`).id);
  }
  const change = beginCell()
    .store(storeSetAttestors({ $$type: "SetAttestors", threshold: 1n, attestors }))
    .endCell();
  const hash = BigInt(`0x${change.hash().toString("hex")}`);
  for (const changeHash of chainOfKeys(hash, MAX_ATTESTORS).reverse()) {
    const queued = await attestation.send(
      governor.getSender(),
      { value },
      { $$type: "QueueChange", ...QUERY, changeHash },
    );
    record.note("GasGovern", queued, attestation.address, "QueueChange");
  }
  const snapshot = world.chain.snapshot();
  const cancelled = await attestation.send(
    guardian.getSender(),
    { value },
    { $$type: "CancelChange", ...QUERY, changeHash: hash },
  );
  record.note("GasGovern", cancelled, attestation.address, "CancelChange");
  await world.chain.loadFrom(snapshot);
  world.chain.now = START + 2 * DAY;
  const executed = await attestation.send(
    stranger.getSender(),
    { value },
    { $$type: "ExecuteChange", ...QUERY, change },
  );
  record.note("GasGovern", executed, attestation.address, "ExecuteChange");
  record.noteSizes("Change", ...sentEvents(executed, attestation.address, "ExecuteChange"));
}

async function measureStatements(record: Recorder): Promise<void> {
  const keys = Array.from({ length: MAX_ATTESTORS }, (_, index) => testKey(`attestor ${index}`));
  const world = await createWorld({ attestors: keys, threshold: 1 });
  await world.provider.send(
    world.owner.getSender(),
    { value: STAKE + MUCH },
    { $$type: "RegisterProvider", ...QUERY, stake: STAKE, catalog: catalog(world.operator.address) },
  );
  const used: number[] = [];
  for (let signers = 1; signers <= MAX_ATTESTORS; signers++) {
    const result = await world.attestation.send(
      world.operator.getSender(),
      { value: MUCH },
      statement(world, { signers, attestors: keys }),
    );
    used.push(gasOf(transactionOf(result, world.attestation.address, "SubmitStatement")));
  }
  const [one = 0] = used;
  // A line that no number of signatures exceeds: the eleventh and later ones cost more than the first ten.
  const perAttestor = Math.max(...used.slice(1).map((gas, i) => Math.ceil((gas - one) / (i + 1))));
  record.keep("GasPerAttestor", perAttestor);
  record.keep("GasSubmitStatement", one - perAttestor);
}

/** A version 5 quote with a TD 1.5 body has the most to hash. */
async function measureQuoteHandlers(record: Recorder): Promise<void> {
  const world = await createWorld({ quotes: QUOTE_POLICY, images: IMAGES });
  const { attestation } = world;
  showBlocks(world);
  await enlistProvider(world);
  const registered = await registerAuthority(world);
  record.keep(
    "GasRegisterAuthority",
    gasOf(transactionOf(registered, attestation.address, "RegisterAuthority")),
  );
  await measureCollateral(record, world);
  const used = [];
  for (const path of ["hot", "warm", "ca-known"] as const) {
    if (path === "hot") {
      await submitQuote(world, {}); // what the hot path takes for known
    }
    const sent = await submitQuote(world, { path, quote: { version: 5, body: "td15" } });
    used.push(gasOf(transactionOf(sent, sent.to, "SubmitQuote")));
    record.keep("GasQuoteVerified", gasOf(transactionOf(sent, attestation.address, "QuoteVerified")));
    record.noteSizes("QuoteVerified", ...sentInternal(sent, sent.to, "SubmitQuote"));
    record.sizes.TeePlatform = accountSize(await world.chain.getContract(sent.to));
  }
  const [hot = 0, warm = 0, known = 0] = used;
  record.keep("GasSubmitQuote", hot);
  record.keep("GasVerifyQe", warm - hot);
  record.keep("GasVerifyLeaf", known - warm);
}

/** Documents and lists several times as long as Intel's are. */
async function measureCollateral(record: Recorder, world: World): Promise<void> {
  const { attestation } = world;
  const at = { rootSeed: ROOT_SEED, issuedAt: START - 60 };
  const { tcbInfo, qeIdentity } = makeTestCollateral({ ...at, tcbInfo: longTcbInfo() });
  const [leaf, authority] = MACHINE.chain;
  const serials = Array.from({ length: 500 }, (_, index) => `7e${index.toString(16).padStart(38, "0")}`);
  const list = makeTestCrl(
    {
      issuer: "Intel SGX PCK Platform CA",
      key: MACHINE.keys.ca,
      revoked: [...serials, leaf.subarray(15, 35).toString("hex")],
    },
    START - 60,
    START + DAY,
  );
  const shown = cutRevocation(leaf, authority, list);
  const snapshot = world.chain.snapshot();
  const messages = [
    ["PostTcbInfo", { $$type: "PostTcbInfo", ...QUERY, ...cutTcbInfo(tcbInfo, MACHINE.rootPublicKey) }],
    [
      "PostQeIdentity",
      { $$type: "PostQeIdentity", ...QUERY, ...cutQeIdentity(qeIdentity, MACHINE.rootPublicKey) },
    ],
    ["PostRevocation", { $$type: "PostRevocation", ...QUERY, ...shown, position: BigInt(shown.position) }],
  ] as const;
  for (const [name, message] of messages) {
    const sent = await attestation.send(world.stranger.getSender(), { value: MUCH }, message);
    record.note(`Gas${name}`, sent, attestation.address, name);
  }
  await world.chain.loadFrom(snapshot);
  showBlocks(world);
}

/** Eight modules and eight levels, a text beside each component. */
function longTcbInfo() {
  const dated = { tcbDate: "2025-05-14T00:00:00Z", tcbStatus: "UpToDate" };
  const components = Array.from({ length: 16 }, () => ({
    svn: 255,
    category: "OS/VMM",
    type: "TDX Late Microcode Update",
  }));
  const level = {
    tcb: { sgxtcbcomponents: components, pcesvn: 65_535, tdxtcbcomponents: components },
    ...dated,
  };
  const advised = { ...dated, tcbStatus: "OutOfDate", advisoryIDs: ["INTEL-SA-01036", "INTEL-SA-01099"] };
  return {
    tdxModuleIdentities: Array.from({ length: 8 }, (_, index) => ({
      id: `TDX_0${index + 1}`,
      mrsigner: "0".repeat(96),
      attributes: "0".repeat(16),
      attributesMask: "F".repeat(16),
      tcbLevels: [
        { tcb: { isvsvn: 255 }, ...dated },
        { tcb: { isvsvn: 2 }, ...advised },
      ],
    })),
    tcbLevels: Array.from({ length: 8 }, () => level),
  };
}
