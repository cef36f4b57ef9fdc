import type { Cell } from "@ton/core";
import type { ProtocolEvent } from "../../../wrappers";
import { type JobOpenedEvent, loadJobService, loadJobTerms } from "../../../wrappers/messages";
import { encodeTerms, toBase64, toJobAddress, toRawAddress } from "../../protocol";
import { findJob, findLane, type Job, type Store, saveJob, saveSettlement } from "../../store";
import type { Context } from "../context";
import { type DemandFacts, factsOf, unreadJob } from "../jobFacts";
import { larger } from "../larger";

/** `KindTask` of the contracts. */
const TASK = 1;

const hex32 = (value: bigint): string => value.toString(16).padStart(64, "0");

/** Brings a job's and its lanes' rows to where one of the job's events left them. */
export async function applyJobEvent(
  context: Pick<Context, "networkId" | "providerRaw">,
  tx: Store,
  { address, event }: { readonly address: string; readonly event: ProtocolEvent },
): Promise<void> {
  const job = (await findJob(tx, { role: "provider", address })) ?? unreadJob(address, context.providerRaw);
  const lanes = factsOf(job).lanes;
  const save = (change: Partial<Job>) => saveJob(tx, { job: { ...job, ...change } });
  switch (event.$$type) {
    case "JobOpenedEvent":
      return await save(openedJob(context, address, event));
    case "JobAcceptedEvent": {
      const opened = event.worker === 0n ? {} : { [hex32(event.worker)]: 0 };
      const state = factsOf(job).kind === TASK ? "task" : "active";
      return await save({ state, extra: { ...job.extra, lanes: { ...lanes, ...opened } } });
    }
    case "JobAwardedEvent":
      // The terms name the winner and its prices now; what else the opening said holds.
      return await save({ ...termsOf(context, address, event.terms), state: "accepting" });
    case "JobRefusedEvent":
      return await save({ state: "open" });
    case "JobToppedUpEvent":
      return await save({ budgetNano: event.budget });
    case "LaneChangedEvent": {
      const changed = { ...lanes, [hex32(event.worker)]: Number(event.expiresAt) };
      return await save({ extra: { ...job.extra, lanes: changed } });
    }
    case "HeadSettledEvent":
      await settleLane(tx, {
        job: address,
        worker: hex32(event.worker),
        paidNano: event.paid,
        claimNano: event.amount,
      });
      return await save({ settledNano: job.settledNano + event.paid });
    case "ClaimsReleasedEvent":
      await settleLane(tx, {
        job: address,
        worker: hex32(event.worker),
        paidNano: event.paid,
        claimNano: 0n,
      });
      return await save({ settledNano: job.settledNano + event.paid });
    case "JobClosingEvent":
    case "ClaimDisputedEvent":
      return await save({ state: "closing", closeSeconds: Number(event.closeAt) });
    case "ReceiptDemandedEvent": {
      const demand: DemandFacts = {
        worker: hex32(event.worker),
        index: event.index.toString(),
        size: event.size.toString(),
        root: hex32(event.root),
        answerBy: Number(event.answerBy),
      };
      return await save({ extra: { ...job.extra, demand } });
    }
    case "ReceiptShownEvent":
      return await save({ extra: { ...job.extra, demand: undefined } });
    case "JobClosedEvent":
      return await save({ state: "closed", settledNano: event.earned });
    default:
      return;
  }
}

function openedJob(
  context: Pick<Context, "networkId">,
  address: string,
  event: JobOpenedEvent,
): Partial<Job> {
  const terms = loadJobTerms(event.terms.beginParse());
  return {
    ...termsOf(context, address, event.terms),
    state: "accepting",
    developer: event.developer.toRawString(),
    budgetNano: event.budget,
    // An address that was used before starts over: its lanes belong to the job that ended.
    settledNano: 0n,
    pendingNano: 0n,
    closeSeconds: undefined,
    deadlineSeconds: Number(terms.deadline),
    extra: {
      openedAt: Number(terms.openedAt),
      acceptBy: Number(terms.acceptBy),
      kind: Number(terms.kind),
      lanes: {},
    },
  };
}

/** What a job's terms say, in the words that are signed off the chain. */
function termsOf({ networkId }: Pick<Context, "networkId">, address: string, cell: Cell): Partial<Job> {
  const terms = loadJobTerms(cell.beginParse());
  const service = loadJobService(terms.service.beginParse());
  const modelHash = hex32(service.modelHash);
  const sessionKey = hex32(terms.sessionPublicKey);
  const encoded = encodeTerms({
    networkId,
    job: toJobAddress(address),
    provider: toRawAddress(terms.provider.toRawString()),
    modelHash: Buffer.from(modelHash, "hex"),
    sessionPublicKey: Buffer.from(sessionKey, "hex"),
    promptPrice: service.prices.prompt,
    cachedPrice: service.prices.cached,
    completionPrice: service.prices.completion,
    reasoningPrice: service.prices.reasoning,
  });
  return { provider: terms.provider.toRawString(), modelHash, sessionKey, terms: toBase64(encoded) };
}

/** `claimNano` is the highest claim that the event names; what is claimed and not paid waits on the chain. */
async function settleLane(
  tx: Store,
  change: {
    readonly job: string;
    readonly worker: string;
    readonly paidNano: bigint;
    readonly claimNano: bigint;
  },
): Promise<void> {
  const lane = await findLane(tx, change);
  if (lane === undefined) {
    return;
  }
  const settledNano = lane.settledNano + change.paidNano;
  const before = lane.settledNano + lane.pendingNano;
  const claimed = larger(change.claimNano, before);
  await saveSettlement(tx, {
    job: change.job,
    worker: change.worker,
    claimedNano: claimed,
    settledNano,
    pendingNano: claimed > settledNano ? claimed - settledNano : 0n,
  });
}
