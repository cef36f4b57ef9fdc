import { loadBidOnJob, loadNetworkParams, loadReserveBond } from "../../../../wrappers/messages";
import { type Arrival, fieldsOf, must, sentTo } from "../arrival";
import { catalogOf } from "../catalog";
import { type ProviderView, sameAddress } from "../views";

/** Who may do it, and when: for each message that a provider's contract carried out. */
export const PROVIDER_RULES: Readonly<Record<string, (arrival: Arrival) => void>> = {
  ReserveBond(arrival) {
    fromJob(arrival);
    const before = admitted(arrival);
    const { requester, budget } = loadReserveBond(arrival.message.body.beginParse());
    const { operator, maxOpenJobs, hasOffers } = catalogOf(before);
    if (!sameAddress(requester, operator) && !sameAddress(requester, before.record.owner)) {
      must(hasOffers, "a job was accepted that no offer matches");
      must(before.openJobs < maxOpenJobs, "a job was accepted beyond the provider's capacity");
    }
    bonded(arrival, before, budget);
  },
  BidOnJob(arrival) {
    const before = admitted(arrival);
    byOperator(arrival, before);
    must(before.openJobs < catalogOf(before).maxOpenJobs, "a bid was placed beyond the provider's capacity");
    bonded(arrival, before, loadBidOnJob(arrival.message.body.beginParse()).budget);
  },
  JobClosed: fromJob,
  BidLost: fromJob,
  ConfirmBid: fromJob,
  "bounced BondReserved": fromJob,
  "bounced BidPlaced": fromJob,
  "bounced LaneSynced": () => undefined,
  "bounced CheckWorker": () => undefined,
  "bounced AnnounceProvider": ({ from, stage }) =>
    must(sameAddress(from, stage.network), "it came from elsewhere"),
  SyncLane: () => undefined,
  SyncParams: () => undefined,
  RecheckWorker: () => undefined,
  RegisterProvider(arrival) {
    byOwner(arrival);
    must(arrival.provider.before?.registered !== true, "a provider registered twice");
  },
  ProviderAdmitted: ({ from, stage }) =>
    must(sameAddress(from, stage.network), "a provider was admitted by somebody else than its network"),
  AddStake: byOwner,
  Unbond(arrival) {
    byOwner(arrival);
    const { before, after } = arrival.provider;
    must(before !== undefined && after !== undefined, "there is no such provider");
    const amount = before.stake - after.stake;
    must(amount > 0n && amount <= before.stake - before.bonded, "bonded stake was unbonded");
    const wait = before.registered ? Number(paramsOf(before).unbondingSeconds) : 0;
    must(after.unbondingUntil === arrival.now + wait, "stake unbonds at another time");
  },
  WithdrawUnbonded(arrival) {
    byOwner(arrival);
    const { before } = arrival.provider;
    must(before !== undefined && before.unbonding > 0n, "nothing was withdrawn");
    must(arrival.now >= before.unbondingUntil, "stake left before its unbonding was over");
    const paid = sentTo(arrival.outcome, arrival.from, "Payment");
    must(paid === before.unbonding, "an owner was paid another amount than what was unbonding");
  },
  SetCatalog: byOwner,
  SetOffers: (arrival) => byOperator(arrival, arrival.provider.before),
  WorkerAttested: fromAttestation,
  WorkerChecked: fromAttestation,
  DropWorker(arrival) {
    const worker = fieldsOf(arrival.message).skip(64).loadUintBig(256);
    const known = arrival.provider.before?.workers.get(worker);
    must(known !== undefined, "a worker was dropped that is not there");
    if (known.expiresAt > arrival.now) {
      byOperator(arrival, arrival.provider.before);
    }
  },
};

const paramsOf = ({ record }: ProviderView) => {
  must(record.params !== null, "a provider without parameters was admitted");
  return loadNetworkParams(record.params.beginParse());
};

function fromJob({ from, stage, message }: Arrival): void {
  const job = stage.jobs.find(({ address }) => address.equals(from));
  must(job !== undefined, "it was believed of somebody who is no job");
  must(message.info.type === "internal", "it is no message between contracts");
}

/** The one that its parameters name, which the governor may change. */
function fromAttestation({ from, provider }: Arrival): void {
  const named = provider.before === undefined ? undefined : paramsOf(provider.before).attestationRegistry;
  must(sameAddress(from, named), "it was believed of somebody else than the attestation registry");
}

function byOwner({ from, stage, providerIndex }: Arrival): void {
  must(sameAddress(from, stage.providers[providerIndex]?.owner), "somebody else than the owner could do it");
}

function byOperator(arrival: Arrival, before: ProviderView | undefined): void {
  must(before !== undefined, "there is no such provider");
  const may =
    sameAddress(arrival.from, catalogOf(before).operator) || sameAddress(arrival.from, before.record.owner);
  must(may, "somebody else than owner and operator could do it");
}

function admitted({ provider }: Arrival): ProviderView {
  const { before } = provider;
  must(before?.registered === true && !before.paused, "a provider took a job that may not");
  return before;
}

/** By what the budget demands, and not beyond the stake. */
function bonded({ provider }: Arrival, before: ProviderView, budget: bigint): void {
  const { bondBps, minStake } = paramsOf(before);
  const bond = (budget * bondBps + 9_999n) / 10_000n;
  must(provider.after?.bonded === before.bonded + bond, "another bond was locked than the budget demands");
  must(before.stake >= minStake, "a job was bonded by less than the least stake");
}
