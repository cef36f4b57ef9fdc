import { settledBy } from "../../wrappers/contested";
import { headCell } from "../../wrappers/evidence";
import { type Demand, type Lane, storeDemandReceipt, storeProveWithheld } from "../../wrappers/messages";
import { enqueueIntent } from "../store";
import { accuseClaims } from "./accuseClaims";
import type { ClaimedHead } from "./carried";
import type { ClientDeps } from "./deps";
import { jobIntent } from "./jobMessages";
import { type Claims, readClaim, readClaims } from "./readClaims";
import { hex256 } from "./readProvider";
import type { Session } from "./session";
import { type ShownDeps, takeShown } from "./takeShown";

/** A claim so young may be of answers whose receipts are still on their way here. */
const YOUNG_SECONDS = 60;
/** The chain's clock and this one differ: what is allowed from a date on is sent so long after it. */
const SKEW_SECONDS = 30;
/** A message that bounced is tried again so often. */
const RETRY_SECONDS = 600;

export type WatchDeps = Pick<ClientDeps, "reader" | "policy" | "clock"> & ShownDeps;

/**
 * Looks at what a job's workers have claimed without this developer. A claim that contradicts what is held here is proved a
 * lie. Where one covers receipts that never came, the first of them is demanded on the chain; what is shown then is taken or
 * proved a lie, and where nothing is in time, that is proved. Each message goes out once, through the outbox.
 */
export async function watchClaims(deps: WatchDeps, session: Session): Promise<void> {
  const claims = await readClaims(deps, session);
  if (claims === undefined) {
    return;
  }
  if ((await accuseClaims(deps, claims)) || (await takeShown(deps, claims))) {
    return; // the job ends by it
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
  const { held, knownNano: known, claimedNano: claimed } = await readClaim(deps, claims, { worker, lane });
  if (claimed - known < deps.policy.demandLeastNano) {
    return false;
  }
  const { heads } = await claims.carried();
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
