import type { SandboxContract } from "@ton/sandbox";
import type { ModelMarket } from "../../../wrappers/ModelMarket";
import type { Job } from "../../support/actors";
import type { World } from "../../support/world";
import { PRICE_LISTS } from "./prices";

/** What the contracts' getters ask for each message, beyond the amount that it moves. */
export type LeastValues = Readonly<Record<string, bigint>>;

/** One table for each price list, in their order. */
export async function leastValues(
  world: World,
  market: SandboxContract<ModelMarket>,
  job: Job,
): Promise<LeastValues[]> {
  const tables: LeastValues[] = [];
  for (const { config } of PRICE_LISTS) {
    world.chain.setConfig(config);
    tables.push({
      ...(await ofJobs(world, job)),
      ...(await ofProviders(world)),
      ...(await ofOffices(world, market)),
    });
  }
  return tables;
}

async function ofJobs({ network }: World, job: Job) {
  const end = await job.getMinValueToEndJob();
  return {
    OpenJob: await network.getMinValueToOpenJob(),
    OpenTask: await network.getMinValueToOpenTask(),
    OpenAuction: await network.getMinValueToOpenAuction(),
    RequestAcceptance: await job.getMinValueToRequestAcceptance(),
    TopUpJob: await job.getMinValueToTopUpJob(),
    Settle: await job.getMinValueToSettle(),
    ReleaseClaims: await job.getMinValueToReleaseClaims(),
    CloseJob: await job.getMinValueToCloseJob(),
    ...(await ofProofs(job)),
    DemandReceipt: await job.getMinValueToDemand(),
    ShowReceipt: await job.getMinValueToShowReceipt(),
    DisputeClaim: await job.getMinValueToDispute(),
    ResolveDispute: await job.getMinValueToResolveDispute(),
    AwardJob: await job.getMinValueToAwardJob(),
    DeliverTask: await job.getMinValueToDeliverTask(0n, 0n),
    CancelJob: end,
    ReleaseJob: end,
    FinalizeJob: end,
    // Of an active job; the others end by it, and ask for as much as FinalizeJob.
    ExpireJob: await job.getMinValueToCloseJob(),
  };
}

async function ofProofs(job: Job) {
  const least = await job.getMinValueToProveFraud();
  return {
    ProveEquivocation: least,
    ProveOvercharge: least,
    ProveFalseTotal: least,
    ProveShrunkLog: least,
    ProveWithheld: least,
  };
}

async function ofProviders({ provider }: World) {
  const stake = await provider.getMinValueToChangeStake();
  const catalog = await provider.getMinValueToSetCatalog();
  return {
    RegisterProvider: await provider.getMinValueToRegister(),
    SyncParams: await provider.getMinValueToSyncParams(),
    AddStake: stake,
    Unbond: stake,
    WithdrawUnbonded: stake,
    SetCatalog: catalog,
    SetOffers: catalog,
    DropWorker: await provider.getMinValueToDropWorker(),
    RecheckWorker: await provider.getMinValueToRecheckWorker(),
    SyncLane: await provider.getMinValueToSyncLane(),
    BidOnJob: await provider.getMinValueToBid(),
  };
}

async function ofOffices({ network, attestation }: World, market: SandboxContract<ModelMarket>) {
  const govern = await network.getMinValueToGovern();
  return {
    SubmitStatement: await attestation.getMinValueToSubmitStatement(2n),
    "SubmitStatement by one": await attestation.getMinValueToSubmitStatement(1n),
    "SubmitStatement by three": await attestation.getMinValueToSubmitStatement(3n),
    SubmitQuote: await attestation.getMinValueToSubmitQuote(false, false),
    "SubmitQuote with a certificate": await attestation.getMinValueToSubmitQuote(true, true),
    Pause: govern,
    QueueChange: govern,
    ExecuteChange: govern,
    CancelChange: govern,
    RevokeImage: govern,
    RevokeModel: govern,
    RevokeAttestor: govern,
    RaiseEpoch: govern,
    RevokeCertificate: govern,
    RevokeFmspc: govern,
    RaiseQeSvn: govern,
    AcceptGovernor: govern,
    DeclareDemand: await market.getMinValueToDeclareDemand(),
    AskPrice: await market.getMinValueToAskPrice(),
  };
}
