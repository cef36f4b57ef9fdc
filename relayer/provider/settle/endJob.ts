import { Address, type Builder } from "@ton/core";
import { JobEscrow } from "../../../wrappers";
import { storeExpireJob, storeFinalizeJob, storeReleaseJob } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import type { Context } from "../context";
import { sendAgain } from "../sendOnce";
import { claimedNano, type JobChain, maturedNano } from "./readJobChain";

export interface EndingJob {
  readonly job: string;
  readonly openedAt: number;
  readonly chain: JobChain;
  /** Something of it is still to be claimed. */
  readonly unclaimed: boolean;
}

/** Sends what the job's dates demand: expiry, or the end that pays everyone and frees the bond. */
export async function endJob(
  context: Context,
  { job, openedAt, chain, unclaimed }: EndingJob,
): Promise<void> {
  if (chain.state === "active" && chain.nowSeconds >= Number(chain.terms.deadline)) {
    await send(context, {
      job,
      openedAt,
      kind: "expire",
      body: storeExpireJob({ $$type: "ExpireJob", queryId: 0n }),
    });
    return;
  }
  if (chain.state !== "closing" || unclaimed || isWaiting(chain)) {
    return;
  }
  const { operator } = chain.rules;
  if (operator.equals(context.wallet.address)) {
    // Everything was claimed and has matured, so that nothing is given up; the developer need not wait for closeAt.
    await send(context, {
      job,
      openedAt,
      kind: "end",
      body: storeReleaseJob({ $$type: "ReleaseJob", queryId: 0n }),
    });
  } else if (chain.nowSeconds >= chain.closeAt) {
    await send(context, {
      job,
      openedAt,
      kind: "finalize",
      body: storeFinalizeJob({ $$type: "FinalizeJob", queryId: 0n }),
    });
  }
}

/** A claim that has not matured would be lost by the end. */
function isWaiting(chain: JobChain): boolean {
  return [...chain.lanes.values()].some(
    (lane) => claimedNano(lane) > lane.settled + maturedNano(lane, chain.nowSeconds),
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
