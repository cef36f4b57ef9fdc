import { Address, beginCell } from "@ton/core";
import { JobEscrow } from "../../../wrappers";
import { storeReleaseClaims, storeSettle } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { fromBase64, SIGNATURE_BYTES, toHex } from "../../protocol";
import { type Lane, saveSettlement } from "../../store";
import type { Context } from "../context";
import { sendAgain } from "../sendOnce";
import { syncLane } from "../workers/openLanes";
import { chooseClaim, chooseCosigned, type Moment, type Settlement } from "./chooseSettlement";
import { claimedNano, type JobChain, maturedNano } from "./readJobChain";
import type { Underway } from "./underway";

export interface LaneWork {
  readonly job: string;
  readonly openedAt: number;
  readonly chain: JobChain;
  readonly lane: Lane;
  readonly moment: Moment;
  readonly underway: Underway;
}

/** Sends what this lane needs now. True while something of it is still to be claimed and can be. */
export async function settleLane(context: Context, work: LaneWork): Promise<boolean> {
  const { chain, lane, moment } = work;
  const onChain = chain.lanes.get(lane.worker);
  const attested = context.pool.find(lane.worker)?.onChain?.expiresAt ?? 0;
  const until = Number(onChain?.expiresAt ?? 0n);
  const newest = Math.max(lane.head.issuedAtSeconds, lane.cosigned?.head.issuedAtSeconds ?? 0);
  if (attested > until && (newest > until || chain.nowSeconds > until)) {
    await syncLane(context, {
      job: work.job,
      openedAt: work.openedAt,
      worker: lane.worker,
      expiresAt: attested,
    });
    return true;
  }
  if (onChain === undefined) {
    return false;
  }
  const claimedSoFar = claimedNano(onChain);
  // The chain's own numbers: an event may still be on its way to the store.
  const seen: Lane = {
    ...lane,
    settledNano: onChain.settled,
    pendingNano: claimedSoFar - onChain.settled,
  };
  let open = false;
  const cosigned = await chooseBeyondUnderway(work, seen);
  for (const settlement of [cosigned, chooseClaim(seen, moment)]) {
    const canArrive =
      settlement !== undefined &&
      settlement.head.issuedAtSeconds <= until &&
      chain.nowSeconds < moment.lastClaimAt;
    if (canArrive) {
      open = (await sendSettlement(context, work, settlement)) || open;
    }
  }
  const maturedSum = maturedNano(onChain, chain.maturingSeconds);
  if (maturedSum >= context.policy.settleMinNano && chain.state === "active") {
    await releaseClaims(context, work, onChain.settled + maturedSum);
  }
  const unclaimed =
    seen.head.amountNano > claimedSoFar || (seen.cosigned?.head.amountNano ?? 0n) > seen.settledNano;
  return open || (unclaimed && newest <= until && chain.nowSeconds < moment.lastClaimAt);
}

/** What is due beside the settlement that is on its way, if one is: nothing has waited since before that one. */
async function chooseBeyondUnderway(
  { underway, job, moment }: LaneWork,
  lane: Lane,
): Promise<Settlement | undefined> {
  const sentNano = await underway.amountNano(`${job}:${lane.worker}`, lane.settledNano);
  return sentNano === undefined
    ? chooseCosigned(lane, moment)
    : chooseCosigned(
        { ...lane, settledNano: sentNano },
        { ...moment, waitingMs: 0, budgetNearlySpent: false },
      );
}

/** False when it was refused as often as the policy allows: then it is given up, loudly. */
async function sendSettlement(
  context: Context,
  { job, openedAt, lane, underway }: LaneWork,
  { head, cosignature }: Settlement,
): Promise<boolean> {
  const to = Address.parseRaw(job);
  const contract = openContract(context.reader, JobEscrow.fromAddress(to));
  const kind = cosignature === undefined ? "claim" : "settle";
  const key = `${kind}:${job}:${openedAt}:${lane.worker}:${head.size}`;
  const state = await sendAgain(
    context,
    {
      key,
      kind,
      to,
      valueNano: () => contract.getMinValueToSettle(),
      body: storeSettle({
        $$type: "Settle",
        queryId: head.size,
        worker: BigInt(`0x${lane.worker}`),
        size: head.size,
        root: BigInt(`0x${toHex(fromBase64(head.root, 32))}`),
        amount: head.amountNano,
        issuedAt: BigInt(head.issuedAtSeconds),
        signature: signatureCell(head.signature),
        cosignature: cosignature === undefined ? null : signatureCell(cosignature),
      }),
      effects: async (tx) => {
        await saveSettlement(tx, { job, worker: lane.worker, claimedNano: head.amountNano });
      },
    },
    context.policy.maxSettleAttempts,
  );
  if (cosignature !== undefined) {
    underway.note(`${job}:${lane.worker}`, { key, amountNano: head.amountNano });
  }
  if (state === "given up") {
    context.log.error({
      msg: "settlement given up",
      job,
      worker: lane.worker,
      size: head.size,
      amountNano: head.amountNano,
    });
  }
  return state !== "given up";
}

async function releaseClaims(
  context: Context,
  { job, openedAt, lane }: LaneWork,
  settledNano: bigint,
): Promise<void> {
  const to = Address.parseRaw(job);
  const contract = openContract(context.reader, JobEscrow.fromAddress(to));
  await sendAgain(
    context,
    {
      key: `release:${job}:${openedAt}:${lane.worker}:${settledNano}`,
      kind: "release",
      to,
      valueNano: () => contract.getMinValueToReleaseClaims(),
      body: storeReleaseClaims({ $$type: "ReleaseClaims", queryId: 0n, worker: BigInt(`0x${lane.worker}`) }),
    },
    context.policy.maxSettleAttempts,
  );
}

function signatureCell(base64: string) {
  return beginCell()
    .storeBuffer(Buffer.from(fromBase64(base64, SIGNATURE_BYTES)))
    .endCell();
}
