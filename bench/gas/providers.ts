import { DAY, START, WORKER } from "../../tests/support/world";
import { fullCatalog, fullOffers, fullProfile, fullWorld, MUCH, QUERY } from "./fullWorld";
import { accountSize, type Recorder, sentEvents, sentInternal } from "./recorder";

export async function measureProvider(record: Recorder): Promise<void> {
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
