import { Address, type Builder } from "@ton/core";
import { JobEscrow } from "../../../wrappers";
import { storeExpireJob, storeFinalizeJob, storeReleaseJob } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import type { Context } from "../context";
import { sendAgain } from "../sendOnce";
import { claimedNano, type JobChain, maturedNano } from "./readJobChain";

/** So long after its deadline a job whose money is on its way is not expired: its release, when paid, costs less. */
const EXPIRE_AFTER_SECONDS = 600;

export interface EndingJob {
  readonly job: string;
  readonly openedAt: number;
  readonly chain: JobChain;
  /** Its developer has asked for the end. */
  readonly releaseAsked: boolean;
  /** Something of it is being earned, or still to be claimed. */
  readonly owed: boolean;
}

/**
 * Sends what the job's dates or its developer demand: the end that pays everyone and frees the bond, as soon as nothing
 * would be given up by it. Otherwise expiry, and then the same.
 */
export async function endJob(context: Context, ending: EndingJob): Promise<void> {
  const { chain } = ending;
  const late = chain.nowSeconds - Number(chain.terms.deadline);
  const isPaid = !ending.owed && !isWaiting(chain);
  const isOperator = chain.rules.operator.equals(context.wallet.address);
  const isOver = chain.state === "closing" || ending.releaseAsked || late >= 0;
  if (isOver && isPaid && isOperator) {
    const body = storeReleaseJob({ $$type: "ReleaseJob", queryId: 0n });
    await send(context, { ...ending, kind: "end", body });
    return;
  }
  if (chain.state === "active" && late >= (ending.owed ? EXPIRE_AFTER_SECONDS : 0)) {
    const body = storeExpireJob({ $$type: "ExpireJob", queryId: 0n });
    await send(context, { ...ending, kind: "expire", body });
    return;
  }
  if (chain.state === "closing" && isPaid && chain.nowSeconds >= chain.closeAt) {
    const body = storeFinalizeJob({ $$type: "FinalizeJob", queryId: 0n });
    await send(context, { ...ending, kind: "finalize", body });
  }
}

/** A claim that has not matured would be lost by the end. */
function isWaiting(chain: JobChain): boolean {
  return [...chain.lanes.values()].some(
    (lane) => claimedNano(lane) > lane.settled + maturedNano(lane, chain.maturingSeconds),
  );
}

async function send(
  context: Context,
  end: {
    readonly job: string;
    readonly openedAt: number;
    readonly kind: string;
    readonly body: (builder: Builder) => void;
  },
): Promise<void> {
  const to = Address.parseRaw(end.job);
  const contract = openContract(context.reader, JobEscrow.fromAddress(to));
  await sendAgain(
    context,
    {
      key: `${end.kind}:${end.job}:${end.openedAt}`,
      kind: end.kind,
      to,
      valueNano: () => contract.getMinValueToEndJob(),
      body: end.body,
    },
    context.policy.maxSettleAttempts,
  );
}
