import { Address, type Dictionary } from "@ton/core";
import { settledBy } from "../../wrappers/contested";
import { JobEscrow } from "../../wrappers/JobEscrow";
import { type Demand, type Lane, loadJobRules, loadJobTerms } from "../../wrappers/messages";
import { openContract } from "../chain";
import { countWhole, listReceipts } from "../store";
import type { ClientDeps } from "./deps";
import type { Session } from "./session";

/** The job as far as claims go. */
export interface Claims {
  readonly session: Session;
  readonly lanes: Dictionary<bigint, Lane>;
  readonly demand: Demand | null;
  readonly openedAt: number;
  readonly challengeSeconds: number;
  readonly nowSeconds: number;
  /** By when claims mature: now, unless a dispute has stopped it. */
  readonly maturingSeconds: number;
}

/** Undefined before it is accepted. */
export async function readClaims(
  deps: Pick<ClientDeps, "reader" | "clock">,
  session: Session,
): Promise<Claims | undefined> {
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

/** What one lane claims, beside what is known of it. */
export interface LaneClaim {
  readonly claimedNano: bigint;
  /** Settled, or what the receipts that are held without a gap come to. */
  readonly knownNano: bigint;
  readonly settledNano: bigint;
  /** How many those are. */
  readonly held: number;
}

export async function readClaim(
  { store }: Pick<ClientDeps, "store">,
  { session, maturingSeconds }: Claims,
  { worker, lane }: { readonly worker: string; readonly lane: Lane },
): Promise<LaneClaim> {
  const job = session.address;
  const settledNano = settledBy(lane, maturingSeconds);
  const held = await countWhole(store, { job, worker });
  const [last] =
    held === 0 ? [] : await listReceipts(store, { job, worker, fromIndex: BigInt(held - 1), limit: 1 });
  return {
    claimedNano: larger(lane.maturing, lane.latest),
    knownNano: larger(settledNano, last?.amountNano ?? 0n),
    settledNano,
    held,
  };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
