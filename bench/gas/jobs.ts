import { settle } from "../../tests/support/heads";
import type { TestKey } from "../../tests/support/keys";
import {
  BUDGET,
  DAY,
  MODEL,
  openJob,
  PRICES,
  START,
  service,
  WORKER,
  type World,
} from "../../tests/support/world";
import { contractCodes } from "../../wrappers/codes";
import { chainOfKeys, fullWorld, MAX_LANES, MUCH, putLanes, QUERY } from "./fullWorld";
import {
  accountSize,
  gasOf,
  type Recorder,
  sentEvents,
  sentInternal,
  sizeOf,
  transactionOf,
} from "./recorder";

export async function measureJob(record: Recorder): Promise<void> {
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
