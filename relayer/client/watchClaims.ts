import { Address, type Dictionary } from "@ton/core";
import { settledBy } from "../../wrappers/contested";
import { headCell } from "../../wrappers/evidence";
import { JobEscrow } from "../../wrappers/JobEscrow";
import {
  type Demand,
  type Lane,
  loadJobRules,
  loadJobTerms,
  storeDemandReceipt,
  storeProveWithheld,
} from "../../wrappers/messages";
import { openContract } from "../chain";
import { countWhole, enqueueIntent, listReceipts } from "../store";
import { type ClaimedHead, readClaimedHeads } from "./claimedHeads";
import type { ClientDeps } from "./deps";
import { jobIntent } from "./jobMessages";
import { hex256 } from "./readProvider";
import type { Session } from "./session";

/** A claim so young may be of answers whose receipts are still on their way here. */
const YOUNG_SECONDS = 60;
/** The chain's clock and this one differ: what is allowed from a date on is sent so long after it. */
const SKEW_SECONDS = 30;
/** A message that bounced is tried again so often. */
const RETRY_SECONDS = 600;

export type WatchDeps = Pick<ClientDeps, "store" | "reader" | "wallet" | "policy" | "log" | "clock">;

/** The job as far as claims go. */
interface Claims {
  readonly session: Session;
  readonly lanes: Dictionary<bigint, Lane>;
  readonly demand: Demand | null;
  readonly openedAt: number;
  readonly challengeSeconds: number;
  readonly nowSeconds: number;
  /** By when claims mature: now, unless a dispute has stopped it. */
  readonly maturingSeconds: number;
}

/**
 * Looks at what a job's workers have claimed without this developer. Where a claim covers receipts that never came, the first
 * of them is demanded on the chain; where a demand was not answered in time, that is proved. Each message goes out once,
 * through the outbox.
 */
export async function watchClaims(deps: WatchDeps, session: Session): Promise<void> {
  const claims = await readClaims(deps, session);
  if (claims === undefined) {
    return;
  }
  const { demand, lanes } = claims;
  const demanded = demand === null ? undefined : lanes.get(demand.worker);
  if (
    demand !== null &&
    demanded !== undefined &&
    demand.amount > settledBy(demanded, claims.maturingSeconds)
  ) {
    await proveWithheld(deps, claims, demand);
    return;
  }
  for (const [worker, lane] of lanes) {
    if (await demandFirstMissing(deps, claims, { worker: hex256(worker), lane })) {
      return; // one at a time
    }
  }
}

async function readClaims(deps: WatchDeps, session: Session): Promise<Claims | undefined> {
  const job = openContract(deps.reader, JobEscrow.fromAddress(Address.parseRaw(session.address)));
  const [lanes, demand, dispute, shown] = await Promise.all([
    job.getLanes(),
    job.getDemand(),
    job.getDispute(),
    job.getTerms(),
  ]);
  const terms = shown === null ? undefined : loadJobTerms(shown.beginParse());
  if (terms === undefined || terms.rules === null) {
    return undefined;
  }
  const nowSeconds = Math.floor(deps.clock.nowMs() / 1_000);
  const isStopped = dispute !== null && nowSeconds < Number(dispute.endsAt);
  return {
    session,
    lanes,
    demand,
    openedAt: Number(terms.openedAt),
    challengeSeconds: Number(loadJobRules(terms.rules.beginParse()).challengeSeconds),
    nowSeconds,
    maturingSeconds: isStopped ? Number(dispute.at) : nowSeconds,
  };
}

async function proveWithheld(
  deps: WatchDeps,
  { session, nowSeconds }: Claims,
  { answerBy, worker, index }: Demand,
): Promise<void> {
  const late = nowSeconds - Number(answerBy) - SKEW_SECONDS;
  if (late < 0) {
    return;
  }
  const job = session.address;
  const intent = jobIntent(deps, {
    key: `withheld:${job}:${answerBy}:${Math.floor(late / RETRY_SECONDS)}`,
    job,
    body: storeProveWithheld({ $$type: "ProveWithheld", queryId: 0n }),
  });
  if ((await enqueueIntent(deps.store, { intent })) === "queued") {
    deps.log.warn({ msg: "receipt withheld", job, worker: hex256(worker), index });
  }
}

/** True when a receipt of that lane is demanded now. */
async function demandFirstMissing(
  deps: WatchDeps,
  claims: Claims,
  { worker, lane }: { readonly worker: string; readonly lane: Lane },
): Promise<boolean> {
  const job = claims.session.address;
  const settled = settledBy(lane, claims.maturingSeconds);
  const held = await countWhole(deps.store, { job, worker });
  const known = larger(settled, await amountOf(deps, { job, worker, held }));
  const claimed = larger(lane.maturing, lane.latest);
  if (claimed - known < deps.policy.demandLeastNano) {
    return false;
  }
  const address = Address.parseRaw(job);
  const heads = await readClaimedHeads(deps.reader, { address, openedAt: claims.openedAt });
  const head = heads.find(
    (each) =>
      each.worker === worker &&
      each.size > held &&
      each.amount > known &&
      each.amount <= claimed &&
      isInTime(claims, each.amount <= lane.maturing ? lane.maturingAt : lane.latestAt),
  );
  if (head === undefined) {
    return false;
  }
  const intent = jobIntent(deps, {
    key: `demand:${job}:${claims.openedAt}:${worker}:${head.size}:${held}`,
    job,
    body: demandBody(head, held),
  });
  if ((await enqueueIntent(deps.store, { intent })) === "queued") {
    deps.log.warn({ msg: "receipt demanded", job, worker, index: held, size: head.size });
  }
  return true;
}

/** The message that demands the receipt at that place of a head's log. */
export function demandBody(head: ClaimedHead, index: number) {
  const worker = BigInt(`0x${head.worker}`);
  return storeDemandReceipt({
    $$type: "DemandReceipt",
    queryId: 0n,
    worker,
    index: BigInt(index),
    head: headCell(head),
  });
}

/** Old enough to be complete here, and with half of its time left, as the contract wants it. */
function isInTime({ nowSeconds, challengeSeconds }: Claims, maturesAt: bigint): boolean {
  const left = Number(maturesAt) - nowSeconds;
  return left <= challengeSeconds - YOUNG_SECONDS && left >= challengeSeconds / 2 + SKEW_SECONDS;
}

/** What the receipts that are held without a gap come to. */
async function amountOf(
  { store }: WatchDeps,
  { job, worker, held }: { readonly job: string; readonly worker: string; readonly held: number },
): Promise<bigint> {
  if (held === 0) {
    return 0n;
  }
  const [last] = await listReceipts(store, { job, worker, fromIndex: BigInt(held - 1), limit: 1 });
  return last?.amountNano ?? 0n;
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
