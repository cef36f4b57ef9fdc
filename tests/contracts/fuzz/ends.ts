import { type Arrival, must, sentTo } from "./arrival";
import type { Claims } from "./claims";
import { mostOf } from "./most";
import { bpsOf } from "./rules/jobs";
import { ACTIVE, type JobView, NEW, TASK } from "./views";

/** Held against everything that a job paid when it ended: each is what the claims and the budget say, to the nanoton. */
export function checkEnd(arrival: Arrival, claims: Claims): void {
  const { before, after } = arrival.job;
  if (before === undefined || before.state === NEW || after !== undefined) {
    return;
  }
  const earned = earnedBy(arrival, before, claims);
  const due = earned - before.paid;
  const fee = (due * (before.accepted?.feeBps ?? 0n)) / 10_000n;
  const { outcome } = arrival;
  if (before.accepted !== undefined && before.rules !== undefined) {
    const payee = sentTo(outcome, before.accepted.payee, "Payment");
    must(payee === due - fee, `the provider got ${payee} and not ${due - fee}`);
    const treasury = sentTo(outcome, before.rules.treasury, "Payment");
    must(treasury === before.feesOwed + fee, `the treasury got ${treasury} and not ${before.feesOwed + fee}`);
  }
  const refund = sentTo(outcome, before.identity.developer, "Refund");
  const owed = refundOf(arrival, before, earned);
  must(refund === owed, `the developer got ${refund} back and not ${owed}`);
}

function earnedBy(arrival: Arrival, before: JobView, claims: Claims): bigint {
  const { name, now, jobIndex, message } = arrival;
  if (before.state === TASK) {
    const answered =
      name === "DeliverTask" &&
      message.body
        .beginParse()
        .skip(32 + 64 + 256)
        .loadUint(8) === 0;
    return answered ? before.budget : 0n;
  }
  if (before.state < ACTIVE) {
    return 0n;
  }
  if (name === "FinalizeJob" || name === "ReleaseJob") {
    const claimed = claims.claimed(jobIndex);
    must(claimed === claims.owed(jobIndex, { before, now }).most, "a job ended with a claim pending");
    return claimed;
  }
  const matured = maturedBy(arrival, before, claims);
  if (name === "ResolveDispute") {
    // What waits, and the developer's bond with it, is divided by the arbiter's word.
    const contested = claims.claimed(jobIndex) - matured;
    return matured + ((contested + (before.dispute?.bond ?? 0n)) * bpsOf(message)) / 10_000n;
  }
  return matured; // by a proved lie: what waits is not paid
}

function maturedBy({ jobIndex, now }: Arrival, before: JobView, claims: Claims): bigint {
  // With two tranches a lane, what matured between
  // the bounds depends on what came after it; the contract's own sum must lie in them.
  const { least, most } = claims.owed(jobIndex, { before, now });
  const time = claims.time(jobIndex, now);
  const matured = [...before.lanes.values()].reduce((sum, lane) => {
    const latest = lane.latest > 0n && time >= Number(lane.latestAt) ? lane.latest : 0n;
    const maturing = lane.maturing > 0n && time >= Number(lane.maturingAt) ? lane.maturing : 0n;
    return sum + mostOf(lane.settled, maturing, latest);
  }, 0n);
  must(matured >= least && matured <= most, `${matured} has matured, outside of ${least} to ${most}`);
  return matured;
}

/**
 * The rest of the budget, and of the rent: storage is charged to the balance, and only the refund bears it. A demand's
 * deposit that nobody earned, and its rent, are the developer's as well.
 */
function refundOf({ accountBefore, outcome, name }: Arrival, before: JobView, earned: bigint): bigint {
  const deposit = before.demand?.deposit ?? 0n;
  const obligations = before.budget - before.paid + before.feesOwed + deposit;
  const rent = accountBefore.balance - outcome.storageFee - obligations;
  const callback = before.state === TASK && name === "DeliverTask" ? callbackOf(before) : 0n;
  const refund = before.budget - earned + deposit + rent - callback;
  return refund > 0n ? refund : 0n;
}

function callbackOf({ terms }: JobView): bigint {
  return terms === undefined ? 0n : terms.service.beginParse().skip(512).loadCoins();
}
