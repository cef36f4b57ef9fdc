import { Address } from "@ton/core";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { loadJobTerms, storeAwardJob } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { toCocoonError } from "../../errors";
import { toRawAddress } from "../../protocol";
import { enqueueIntent, findIntent, closeSession as forgetSession, saveJob } from "../../store";
import { type ClientDeps, nowSeconds } from "../deps";
import type { Directory } from "../directory";
import { ENDING_BODIES, jobIntent } from "../jobMessages";
import { readJob } from "../readJob";
import { readProvider } from "../readProvider";
import { rulesOfJob, weaknessOf } from "../rules";
import type { Session } from "../session";
import { sessionOfTerms } from "../sessionOfTerms";
import { jobOf } from "../sessionRows";
import { jobOfAuction, type OwnAuction } from "./ownAuction";

/** Blocks lag behind clocks, and the winner, who is to serve, has the first turn at the award. */
const AWARD_AFTER_SECONDS = 10;
/** An award that bounced, of a chain whose clock was behind, is tried again so often. */
const AWARD_RETRY_SECONDS = 60;
/** While the winner's answer may be on its way, `ExpireJob` is refused so long. */
const ACCEPT_GRACE_SECONDS = 86_400;
const FULL_BPS = 10_000n;

export type SyncDeps = ClientDeps & {
  readonly directory: Pick<Directory, "refreshProvider" | "workersOf">;
};

/** What has become of an auction. */
export type AuctionNews =
  /** It goes on. */
  | { readonly kind: "none" }
  /** It has a provider that may be used: here is its session. */
  | { readonly kind: "sold"; readonly session: Session }
  /** It has one that may not, or was to be taken back: this session is to be ended. With a weakness: at once, for its rules. */
  | { readonly kind: "unwanted"; readonly session: Session; readonly weakness?: string | undefined }
  /** Nobody has bid in time: the money is being taken back. */
  | { readonly kind: "unsold" }
  /** The chain did not take it: the money never left, or has come back. */
  | { readonly kind: "refused" }
  | { readonly kind: "closed" };

/** When the next step of an auction is due. */
export function nextStepAt({ endsAtSeconds }: Pick<OwnAuction, "endsAtSeconds">): number {
  return endsAtSeconds + AWARD_AFTER_SECONDS;
}

/** Brings an auction to what the chain says, and sends what its dates demand. */
export async function syncAuction(deps: SyncDeps, auction: OwnAuction): Promise<AuctionNews> {
  const job = await readJob(deps, { address: auction.address });
  switch (job.state) {
    case "absent":
      return await syncAbsent(deps, auction);
    case "task": // no auction of this client's
      return { kind: "none" };
    case "open":
      return await syncOpen(deps, auction);
    case "accepting":
      if (nowSeconds(deps) > auction.acceptBySeconds + ACCEPT_GRACE_SECONDS) {
        await sendStep(deps, auction, { key: `expire:${auction.address}`, body: ENDING_BODIES.expire });
      }
      return { kind: "none" };
    case "active":
    case "closing":
    case "disputed":
      return await syncSold(deps, auction);
    default: {
      const impossible: never = job;
      return impossible;
    }
  }
}

async function syncOpen(deps: SyncDeps, auction: OwnAuction): Promise<AuctionNews> {
  if (auction.state === "withdrawn") {
    return { kind: "none" };
  }
  const contract = openContract(deps.reader, JobEscrow.fromAddress(Address.parseRaw(auction.address)));
  const found = await contract.getAuction();
  const now = nowSeconds(deps);
  if (found === null && now < auction.acceptBySeconds) {
    // Awarded since its state was read.
    return { kind: "none" };
  }
  auction.best =
    found === null || found.bps > FULL_BPS
      ? undefined
      : { provider: found.provider.toRawString(), bps: Number(found.bps) };
  if (now < nextStepAt(auction)) {
    return { kind: "none" };
  }
  if (auction.best === undefined || now >= auction.acceptBySeconds) {
    await withdrawAuction(deps, auction);
    return { kind: "unsold" };
  }
  const attempt = Math.floor((now - auction.endsAtSeconds) / AWARD_RETRY_SECONDS);
  await sendStep(deps, auction, {
    key: `award:${auction.address}:${attempt}`,
    body: storeAwardJob({ $$type: "AwardJob", queryId: 0n }),
  });
  return { kind: "none" };
}

/** The terms name the winner. It is judged as every provider is, by its catalog and its attested workers. */
async function syncSold(deps: SyncDeps, auction: OwnAuction): Promise<AuctionNews> {
  const contract = openContract(deps.reader, JobEscrow.fromAddress(Address.parseRaw(auction.address)));
  const [fields, cell] = await Promise.all([contract.getJobState(), contract.getTerms()]);
  if (cell === null) {
    return { kind: "none" };
  }
  const terms = loadJobTerms(cell.beginParse());
  const provider = toRawAddress(terms.provider.toRawString());
  auction.soldSinceMs ??= deps.clock.nowMs();
  const weakness = weaknessOf(deps.policy, rulesOfJob({ fields, terms }));
  const isWanted = auction.state === "auction" && weakness === undefined;
  const isSound = isWanted && (await isUsable(deps, { provider, auction }));
  const mayBecomeSound = deps.clock.nowMs() - auction.soldSinceMs < deps.policy.openWaitMs;
  if (isWanted && !isSound && mayBecomeSound) {
    return { kind: "none" };
  }
  const session = sessionOfTerms(deps, {
    ...auction,
    fields,
    terms,
    endpoint: await endpointOf(deps, provider),
  });
  if (weakness !== undefined) {
    // Not kept before it is closed: a crash in between leaves an auction, which is looked at again.
    return { kind: "unwanted", session, weakness };
  }
  session.freshSinceMs = deps.clock.nowMs();
  await saveJob(deps.store, { job: jobOf(session) });
  deps.log.info({
    msg: isSound ? "job bought by auction" : "auctioned job not wanted",
    job: auction.address,
    provider,
    bps: auction.best?.bps,
  });
  return { kind: isSound ? "sold" : "unwanted", session };
}

async function isUsable(
  { directory }: SyncDeps,
  { provider, auction }: { readonly provider: string; readonly auction: OwnAuction },
): Promise<boolean> {
  const isKnown = () =>
    directory
      .workersOf(auction.model)
      .some((worker) => worker.provider === provider && worker.modelHash === auction.modelHash);
  if (!isKnown()) {
    await directory.refreshProvider(provider);
  }
  return isKnown();
}

/** Nothing when the provider names none that may be used: then it is not asked for anything either. */
async function endpointOf(deps: SyncDeps, address: string): Promise<string> {
  try {
    return (await readProvider(deps, { address })).endpoint;
  } catch (thrown) {
    const { code, message } = toCocoonError(thrown);
    deps.log.warn({ msg: "provider not usable", provider: address, code, reason: message });
    return "";
  }
}

async function syncAbsent(deps: SyncDeps, auction: OwnAuction): Promise<AuctionNews> {
  const [opening, cancelling] = await Promise.all([
    findIntent(deps.store, { key: `open:${auction.address}` }),
    findIntent(deps.store, { key: `cancel:${auction.address}` }),
  ]);
  const isRefused = opening?.status === "skipped" || opening?.status === "bounced";
  // Not there yet looks like not there any more: what was opened may have ended once its dates, or a message, allowed it.
  const mayHaveEnded = cancelling?.status === "sent" || nowSeconds(deps) >= auction.acceptBySeconds;
  if (!isRefused && !(opening?.status === "sent" && mayHaveEnded)) {
    return { kind: "none" };
  }
  auction.state = "closed";
  await deps.store.transaction(async (tx) => {
    await saveJob(tx, { job: jobOfAuction(auction) });
    await forgetSession(tx, { job: auction.address });
  });
  deps.log.info({ msg: "auction ended", job: auction.address, exitCode: opening?.exitCode });
  return { kind: isRefused ? "refused" : "closed" };
}

/** Takes the money back, as the developer may at any time before the award. */
export async function withdrawAuction(deps: ClientDeps, auction: OwnAuction): Promise<void> {
  auction.state = "withdrawn";
  await sendStep(deps, auction, { key: `cancel:${auction.address}`, body: ENDING_BODIES.cancel });
  deps.log.info({ msg: "auction withdrawn", job: auction.address, bps: auction.best?.bps });
}

/** Queues a message once, together with the state that goes with it. */
async function sendStep(
  deps: ClientDeps,
  auction: OwnAuction,
  { key, body }: { readonly key: string; readonly body: (typeof ENDING_BODIES)[keyof typeof ENDING_BODIES] },
): Promise<void> {
  const intent = jobIntent(deps, { key, job: auction.address, body });
  await deps.store.transaction(async (tx) => {
    await saveJob(tx, { job: jobOfAuction(auction) });
    await enqueueIntent(tx, { intent });
  });
}
