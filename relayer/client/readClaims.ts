import { Address, type Dictionary } from "@ton/core";
import { settledBy } from "../../wrappers/contested";
import { JobEscrow } from "../../wrappers/JobEscrow";
import { type Demand, type Lane, loadJobRules, loadJobTerms } from "../../wrappers/messages";
import { openContract } from "../chain";
import { countWhole, listReceipts } from "../store";
import { type Carried, readCarried } from "./carried";
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
  /** What was carried to it, read when it is first asked for. */
  readonly carried: () => Promise<Carried>;
}

/** Undefined before it is accepted. */
export async function readClaims(
  deps: Pick<ClientDeps, "reader" | "clock">,
  session: Session,
): Promise<Claims | undefined> {
  const address = Address.parseRaw(session.address);
  const job = openContract(deps.reader, JobEscrow.fromAddress(address));
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
  const openedAt = Number(terms.openedAt);
  let carried: Promise<Carried> | undefined;
  return {
    session,
    lanes,
    demand,
    openedAt,
    challengeSeconds: Number(loadJobRules(terms.rules.beginParse()).challengeSeconds),
    nowSeconds,
    maturingSeconds: isStopped ? Number(dispute.at) : nowSeconds,
    carried: () => {
      carried ??= readCarried(deps.reader, { address, openedAt });
      return carried;
    },
  };
}

/** What one lane claims, beside what is known of it. */
export interface LaneClaim {
  readonly claimedNano: bigint;
  /** Settled, or what is held. */
  readonly knownNano: bigint;
  readonly settledNano: bigint;
  /** What the receipts come to that are held without a gap. */
  readonly heldNano: bigint;
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
  const heldNano = last?.amountNano ?? 0n;
  return {
    claimedNano: larger(lane.maturing, lane.latest),
    knownNano: larger(settledNano, heldNano),
    settledNano,
    heldNano,
    held,
  };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
