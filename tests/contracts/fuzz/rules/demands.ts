import { Cell, type Slice } from "@ton/core";
import { hashLeaf, verifyInclusion } from "../../../../relayer/protocol";
import { settledBy } from "../../../../wrappers/contested";
import {
  type Demand,
  DemandBits,
  DemandCells,
  JobRentSeconds,
  type Lane,
  LeastAnswerSeconds,
  loadDemandReceipt,
  loadShowReceipt,
} from "../../../../wrappers/messages";
import { type Arrival, must, sentTo } from "../arrival";
import { rentOf } from "../prices";
import { type JobView, maturingTime } from "../views";
import { slashed } from "./slashed";
import { mustBe, RUNNING, was } from "./states";

const RECEIPT_BYTES = 122;
const HASH_BYTES = 32;

/** Receipts that are demanded under a claim: who may ask, show and tell, and when. */
export const DEMAND_RULES: Readonly<Record<string, (arrival: Arrival) => void>> = {
  DemandReceipt(arrival) {
    const { job, from, now, letter, message } = arrival;
    const before = was(job.before, RUNNING);
    mustBe(from, before.identity.developer, "the developer");
    must(letter?.truth?.genuine === true, "a receipt was demanded under a head that its worker did not sign");
    must(isOver(before, now), "a demand took the place of one that waits for its answer");
    const { worker, index, head } = loadDemandReceipt(message.body.beginParse());
    const { size, root, amount, issuedAt } = headIn(head.beginParse());
    must(issuedAt >= Number(before.terms?.openedAt), "a receipt of an earlier job was demanded");
    must(index < size, "a receipt was demanded that no such log has");
    const challenge = Number(before.accepted?.challengeSeconds);
    const quarter = Math.floor(challenge / 4);
    must(quarter >= Number(LeastAnswerSeconds), "nobody can be sure to answer in so short a time");
    const lane = before.lanes.get(worker);
    must(lane !== undefined, "a receipt was demanded of a worker without a lane");
    must(amount > settledBy(lane, maturingTime(before, now)), "a receipt under a settled claim was demanded");
    const half = Math.floor(challenge / 2);
    must(now + half <= maturesAt(lane, amount), "a receipt was demanded too late, or under no claim");

    const demand = job.after?.demand;
    must(demand !== undefined, "a demand was not recorded");
    const { answerBy, deposit } = demand;
    must(Number(answerBy) === now + quarter, "an answer has another time than it should");
    const recorded = { $$type: "Demand", worker, index, size, root, amount, answerBy, deposit } as const;
    must(isSame(demand, recorded), "another receipt is demanded than was asked for");
    mustChangeNothingElse(arrival);
    const least = arrival.stage.least[arrival.stage.chain.prices]?.ShowReceipt ?? 0n;
    must(deposit > least, "a demand brought less than its answer costs");
    const rent = rentOf(arrival.stage.chain.prices, {
      cells: DemandCells,
      bits: DemandBits,
      seconds: JobRentSeconds,
    });
    must(keptBy(arrival) === deposit + rent, "a demand kept something else than its deposit and its rent");
  },
  ShowReceipt(arrival) {
    const { job, from, now, message, outcome } = arrival;
    const { demand } = was(job.before, RUNNING);
    must(demand !== undefined, "a receipt was taken that nobody demanded");
    must(now < Number(demand.answerBy), "a receipt was taken after the demand's time");
    const { receipt } = loadShowReceipt(message.body.beginParse());
    must(isUnder(demand, receipt), "a receipt was taken that is not the demanded one");
    must(job.after !== undefined && job.after.demand === undefined, "a demand outlived its answer");
    mustChangeNothingElse(arrival);
    must(keptBy(arrival) === -demand.deposit, "an answer was paid something else than the deposit");
    const returned = sentTo(outcome, from, "Excesses");
    must(returned >= demand.deposit, "who answered did not get deposit and rest");
    must(outcome.outs.length === 1, "an answer paid somebody else as well");
  },
  ProveWithheld(arrival) {
    const { job, now } = arrival;
    const before = was(job.before, RUNNING);
    const { demand } = before;
    must(demand !== undefined, "silence was proved where nobody demanded a receipt");
    must(now >= Number(demand.answerBy), "silence was proved before the demand's time was over");
    must(!isMoot(before, demand, now), "silence was proved about a claim that is settled");
    slashed(arrival, demand.worker);
  },
};

/** A demand is made by its own message and ends by an answer, or with the job. */
export function checkDemand({ job, name, outcome }: Arrival): void {
  const { before, after } = job;
  const mayChange = !outcome.aborted && (name === "DemandReceipt" || name === "ShowReceipt");
  if (before === undefined || after === undefined || mayChange) {
    return;
  }
  must(isSame(before.demand, after.demand), "a demand was changed by something else");
}

const isMoot = (job: JobView, { worker, amount }: Demand, now: number): boolean => {
  const lane = job.lanes.get(worker);
  return lane !== undefined && amount <= settledBy(lane, maturingTime(job, now));
};

const isOver = (job: JobView, now: number): boolean =>
  job.demand === undefined || now >= Number(job.demand.answerBy) || isMoot(job, job.demand, now);

/** When the first claim of so much or more does; never, when there is none. */
function maturesAt({ maturing, maturingAt, latest, latestAt }: Lane, amount: bigint): number {
  if (amount <= maturing) {
    return Number(maturingAt);
  }
  return amount <= latest ? Number(latestAt) : 0;
}

function headIn(head: Slice) {
  return {
    size: head.loadUintBig(64),
    root: head.loadUintBig(256),
    amount: head.loadUintBig(64),
    issuedAt: head.loadUint(64),
  };
}

/** Whether it is the receipt at that place of that log, told by the protocol's own verifier. */
function isUnder({ index, size, root }: Demand, receipt: Cell): boolean {
  const leaf = receipt.beginParse();
  const leafHash = hashLeaf(leaf.loadBuffer(RECEIPT_BYTES));
  const proof: Buffer[] = [];
  for (let cell: Slice | undefined = leaf.loadRef().beginParse(); cell !== undefined; ) {
    while (cell.remainingBits >= HASH_BYTES * 8) {
      proof.push(cell.loadBuffer(HASH_BYTES));
    }
    cell = cell.remainingRefs > 0 ? cell.loadRef().beginParse() : undefined;
  }
  const shown = Buffer.from(root.toString(16).padStart(2 * HASH_BYTES, "0"), "hex");
  return verifyInclusion({ leafHash, index: Number(index), size: Number(size), proof, root: shown });
}

/** No lane, no date and no sum moves. */
function mustChangeNothingElse({ accountBefore, outcome }: Arrival): void {
  const [before, after] = [accountBefore.data, outcome.view.data].map(withoutDemand);
  must(before !== undefined && after?.equals(before) === true, "a demand changed something else of its job");
}

/** A job's data whose record, the last reference, lacks its fourth one. */
function withoutDemand(data: Cell | undefined): Cell | undefined {
  const record = data?.refs.at(-1);
  if (data === undefined || record === undefined) {
    return undefined;
  }
  const rest = new Cell({ bits: record.bits, refs: record.refs.slice(0, 3) });
  return new Cell({ bits: data.bits, refs: [...data.refs.slice(0, -1), rest] });
}

const keptBy = ({ outcome, accountBefore }: Arrival): bigint =>
  outcome.view.balance - accountBefore.balance + outcome.storageFee;

function isSame(left: Demand | undefined, right: Demand | undefined): boolean {
  if (left === undefined || right === undefined) {
    return left === right;
  }
  return (
    left.worker === right.worker &&
    left.index === right.index &&
    left.size === right.size &&
    left.root === right.root &&
    left.amount === right.amount &&
    left.answerBy === right.answerBy &&
    left.deposit === right.deposit
  );
}
