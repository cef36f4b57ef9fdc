import type { Message, Slice } from "@ton/core";
import { loadBidLost, loadBondReserved, loadConfirmBid, loadJobClosed } from "../../../wrappers/messages";
import { fieldsOf, must, nameOf } from "./arrival";
import type { Stage } from "./stage";
import { type JobView, type ProviderView, sameAddress } from "./views";

interface Bonds {
  readonly amount: bigint;
  readonly count: number;
}

/** What a provider has locked is what its jobs and its best bids hold, and what is under way to or from them. */
export function checkBonds(
  { stage, index, provider }: { stage: Stage; index: number; provider: ProviderView },
  jobs: readonly (JobView | undefined)[],
  underWay: Iterable<Message>,
): void {
  must(provider.bonded <= provider.stake, "more stake is bonded than there is");
  const address = stage.providers[index]?.address;
  let { amount, count } = bondsUnderWay(stage, index, underWay);
  for (const job of jobs) {
    if (job?.accepted !== undefined && sameAddress(job.terms?.provider, address)) {
      amount += job.accepted.bond;
      count += 1;
    }
    if (job?.auction !== undefined && sameAddress(job.auction.provider, address)) {
      amount += job.auction.bond;
      count += 1;
    }
  }
  must(provider.bonded === amount, `${provider.bonded} is bonded, and the jobs hold ${amount}`);
  must(provider.openJobs === count, `${provider.openJobs} jobs are counted, and there are ${count}`);
}

function bondsUnderWay(stage: Stage, index: number, underWay: Iterable<Message>): Bonds {
  let amount = 0n;
  let count = 0;
  const address = stage.providers[index]?.address;
  for (const message of underWay) {
    if (message.info.type !== "internal") {
      continue;
    }
    const { src, dest } = message.info;
    const isOurs = sameAddress(src, address) || sameAddress(dest, address);
    const isJobs = stage.jobs.some((job) => job.address.equals(src) || job.address.equals(dest));
    const bond = isOurs && isJobs ? BONDS[nameOf(message) ?? ""]?.(message) : undefined;
    if (bond !== undefined) {
      amount += bond;
      count += 1;
    }
  }
  return { amount, count };
}

const whole = (message: Message): Slice => message.body.beginParse();

/** The bond that a message carries. */
const BONDS: Readonly<Record<string, (message: Message) => bigint>> = {
  BondReserved: (message) => loadBondReserved(whole(message)).bond,
  "bounced BondReserved": (message) => fieldsOf(message).skip(64).loadCoins(),
  JobClosed: (message) => loadJobClosed(whole(message)).bond,
  BidLost: (message) => loadBidLost(whole(message)).bond,
  ConfirmBid: (message) => loadConfirmBid(whole(message)).bond,
  BidPlaced: bondOfBid,
  "bounced BidPlaced": bondOfBid,
};

/** Budget times bondBps, rounded up. Of a bounced message only these first bits return. */
function bondOfBid(message: Message): bigint {
  const fields = fieldsOf(message).skip(64);
  return (fields.loadUintBig(64) * fields.loadUintBig(16) + 9_999n) / 10_000n;
}
