import { Cell } from "@ton/core";
import { loadFraud, loadJobClosed } from "../../../../wrappers/messages";
import { type Arrival, must, sentTo } from "../arrival";
import { leastOf } from "../most";
import type { OfficeMemory } from "../offices";
import { JOB_RULES } from "./jobs";
import { OFFICE_RULES } from "./offices";
import { PROVIDER_RULES } from "./providers";

const SLASHED = 3n;
const LATE = 4n;
const BOUNTY_BPS = 2_000n;
const STRUCK = 0xffff_ffff;

/**
 * A contract never spends what it owes: what it holds beyond its obligations shrinks by storage alone. Then its balance
 * covers them for as long as its rent lasts, whatever the order of messages and whatever the chain charges.
 */
export function checkSlack(arrival: Arrival): void {
  const { accountBefore, outcome, job, provider } = arrival;
  const owed = (when: "before" | "after") => {
    const [ofJob, ofProvider] = [job[when], provider[when]];
    return ofJob !== undefined
      ? ofJob.budget -
          ofJob.paid +
          ofJob.feesOwed +
          (ofJob.dispute?.bond ?? 0n) +
          (ofJob.demand?.deposit ?? 0n)
      : ofProvider !== undefined
        ? ofProvider.stake + ofProvider.unbonding
        : 0n;
  };
  if (job.before !== undefined && job.after === undefined) {
    return; // it has ended, and `checkEnd` has its bill
  }
  const before = accountBefore.balance - outcome.storageFee - owed("before");
  const after = outcome.view.balance - owed("after");
  must(after >= before, `${before - after} nanoton of what a contract owes were spent`);
}

/** Stake leaves by a withdrawal of what has finished unbonding, or as the bond of a late task or of a proved lie. */
export function checkStake({ provider, name, outcome, message }: Arrival): void {
  const { before, after } = provider;
  if (before === undefined) {
    return;
  }
  must(after !== undefined, "a provider's contract is gone");
  const lost = before.stake + before.unbonding - after.stake - after.unbonding;
  if (lost <= 0n || name === "WithdrawUnbonded") {
    return;
  }
  must(name === "JobClosed", "stake left that nobody withdrew");
  must(before.bonded - after.bonded === lost, "more stake left than was bonded for the job");
  const { developer, outcome: ended, fraud } = loadJobClosed(message.body.beginParse());
  const penalty = sentTo(outcome, developer, "Penalty");
  if (ended !== SLASHED || fraud === null) {
    must(ended === LATE && penalty === lost, "a bond did not go to whom it was promised");
    return;
  }
  const { owed, reporter, treasury } = loadFraud(fraud.beginParse());
  must(penalty === leastOf(lost, owed), "a lost bond did not make the developer whole first");
  const bounty = sentTo(outcome, reporter, "Bounty");
  must(bounty === ((lost - penalty) * BOUNTY_BPS) / 10_000n, "a reporter got another bounty");
  const toTreasury = sentTo(outcome, treasury, "Payment");
  must(penalty + bounty + toTreasury === lost, "a lost bond was not divided whole");
}

/** A worker that was struck off stays so, and nothing renews it. */
export function checkStruck({ provider }: Arrival): void {
  for (const [key, { epoch }] of provider.before?.workers ?? []) {
    const isLost = epoch === STRUCK && provider.after?.workers.get(key)?.epoch !== STRUCK;
    must(!isLost, "a worker that was struck off is back, or forgotten");
  }
}

/** What is refused changes nothing and keeps nothing. */
export function checkRefused({ accountBefore, outcome, message, jobIndex }: Arrival): void {
  const hashOf = (data: Cell | undefined) => data?.hash().toString("hex");
  const deployedWith = message.init?.data ?? undefined;
  const after = hashOf(outcome.view.data);
  const isUnchanged = after === hashOf(accountBefore.data);
  must(isUnchanged || after === hashOf(deployedWith), "a refused message changed something");
  must(outcome.outs.length <= 1, "a refused message sent more than its bounce");
  // What is too little to pay for a bounce stays where it is.
  if (jobIndex >= 0 && outcome.outs.length === 1) {
    const kept = outcome.view.balance - accountBefore.balance + outcome.storageFee;
    must(kept <= 0n, `${kept} nanoton of a refused message were kept`);
  }
}

/** Nobody but who may, and only when they may. */
export function checkRole(arrival: Arrival, memory: OfficeMemory): void {
  const { jobIndex, providerIndex, name, stage, to } = arrival;
  if (to.equals(stage.book.address)) {
    return; // an example of a contract that asks: it guards itself, and holds nothing of others
  }
  if (name === undefined) {
    const isDeposit = jobIndex < 0 && providerIndex < 0 && arrival.message.body.equals(Cell.EMPTY);
    must(isDeposit, "a message was carried out that nobody knows");
    return;
  }
  const rules = jobIndex >= 0 ? JOB_RULES : providerIndex >= 0 ? PROVIDER_RULES : OFFICE_RULES;
  const rule: ((arrival: Arrival, memory: OfficeMemory) => void) | undefined = rules[name];
  must(rule !== undefined, `nobody should send it ${name}`);
  rule(arrival, memory);
}

/** Nothing is done for less than the getter asks at the prices of the moment. */
export function checkLeast({ letter, stage, job, value }: Arrival): void {
  const asks = letter?.asks;
  const least = asks === undefined ? undefined : stage.least[stage.chain.prices]?.[asks.name];
  if (asks !== undefined && least !== undefined) {
    // A dispute's bond is a part of what is contested when it arrives: claims may have matured on its way.
    const amount = asks.name === "DisputeClaim" ? (job.after?.dispute?.bond ?? 0n) : asks.amount;
    must(value >= amount + least, `${asks.name} was carried out for less than its least value`);
  }
}
