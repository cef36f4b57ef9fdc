import type { Message } from "@ton/core";
import { contestedClaims, disputeBond, sumOfClaims } from "../../../../wrappers/contested";
import { DAY } from "../../../support/world";
import { type Arrival, fieldsOf, must } from "../arrival";
import { ACCEPTING, ACTIVE, CLOSING, DISPUTED, type JobView, NEW, OPEN, sameAddress, TASK } from "../views";
import { DEMAND_RULES } from "./demands";
import { slashed } from "./slashed";
import { is, mustBe, RUNNING, was } from "./states";

const YEAR = 365 * DAY;
const FULL_BPS = 10_000n;

/** Who may do it, in which state, and when: for each message that a job carried out. */
export const JOB_RULES: Readonly<Record<string, (arrival: Arrival) => void>> = {
  OpenJob: (arrival) => opened(arrival, ACCEPTING),
  OpenTask: (arrival) => opened(arrival, ACCEPTING),
  OpenAuction(arrival) {
    const { auction, terms } = opened(arrival, OPEN);
    must(auction !== undefined && terms !== undefined, "an auction has no record of it");
    must(Number(auction.endsAt) > arrival.now, "an auction ended before it began");
    must(auction.endsAt < terms.acceptBy, "an auction ends after the last date of its award");
  },
  RequestAcceptance({ job, now }) {
    const before = was(job.before, [OPEN]);
    must(before.auction === undefined, "an auction was given away without an award");
    must(now < Number(before.terms?.acceptBy), "acceptance was asked for after acceptBy");
    is(job.after, ACCEPTING);
  },
  BondReserved({ job, from }) {
    const before = was(job.before, [ACCEPTING]);
    must(sameAddress(from, before.terms?.provider), "somebody else's provider accepted");
    const after = is(job.after, before.terms?.kind === 1n ? TASK : ACTIVE);
    must(after.lanes.size <= 1, "a job began with more than one lane");
  },
  "bounced ReserveBond"({ job, from }) {
    const before = was(job.before, [ACCEPTING]);
    must(sameAddress(from, before.terms?.provider), "somebody else's provider refused");
    is(job.after, OPEN);
  },
  TopUpJob(arrival) {
    const before = was(arrival.job.before, [ACTIVE]);
    mustBe(arrival.from, before.identity.developer, "the developer");
    must((arrival.job.after?.budget ?? 0n) > before.budget, "a top-up added nothing");
  },
  CloseJob({ job, from, now }) {
    const before = was(job.before, [ACTIVE]);
    mustBe(from, before.identity.developer, "the developer");
    const notice = Number(before.accepted?.closeSeconds);
    const last = Number(before.terms?.deadline) + notice;
    must(is(job.after, CLOSING).closeAt === Math.min(now + notice, last), "a job closes at another time");
  },
  CancelJob({ job, from }) {
    mustBe(from, was(job.before, [OPEN]).identity.developer, "the developer");
    must(job.after === undefined, "a cancelled job is still there");
  },
  ExpireJob: expired,
  FinalizeJob({ job, now }) {
    must(now >= was(job.before, [CLOSING, DISPUTED]).closeAt, "a job was finalised before closeAt");
    must(job.after === undefined, "a finalised job is still there");
  },
  ReleaseJob({ job, from }) {
    const before = was(job.before, RUNNING);
    const isProvider = sameAddress(from, before.accepted?.payee) || sameAddress(from, before.rules?.operator);
    must(isProvider, "a stranger gave the provider's claims up");
    must(job.after === undefined, "a released job is still there");
  },
  DisputeClaim({ job, from, now, value }) {
    const before = was(job.before, [ACTIVE, CLOSING]);
    mustBe(from, before.identity.developer, "the developer");
    const contested = sumOfClaims(contestedClaims(before.lanes, now));
    must(contested > 0n, "nothing was disputed");
    const after = is(job.after, DISPUTED);
    const isActive = before.state === ACTIVE;
    const notice = isActive ? now + Number(before.accepted?.closeSeconds) : before.closeAt;
    must(after.closeAt === Math.min(notice, before.closeAt), "a dispute moved a date of the closing");
    must(Number(after.dispute?.at) === now, "a dispute is of another time");
    const last = after.closeAt + Number(before.accepted?.challengeSeconds);
    must(Number(after.dispute?.endsAt) === last, "an arbiter has another time than it should");
    const bond = disputeBond(contested);
    must(after.dispute?.bond === bond && value >= bond, "a dispute holds another bond than it should");
  },
  ResolveDispute({ job, from, now, message }) {
    const before = was(job.before, [DISPUTED]);
    mustBe(from, before.rules?.arbiter, "the arbiter");
    must(now >= before.closeAt, "an arbiter ruled before closeAt");
    must(now < Number(before.dispute?.endsAt), "an arbiter ruled after its time");
    must(bpsOf(message) <= FULL_BPS, "an arbiter gave more than there is");
    must(job.after === undefined, "a job is still there after the arbiter's word");
  },
  Settle: settled,
  ProveEquivocation: proved,
  ProveOvercharge: proved,
  ProveFalseTotal: proved,
  ProveShrunkLog: proved,
  ...DEMAND_RULES,
  ReleaseClaims({ job }) {
    const before = was(job.before, [...RUNNING, TASK]);
    must((job.after?.paid ?? 0n) > before.paid, "a release paid nothing");
  },
  LaneSynced({ job, from, now }) {
    const before = was(job.before, [...RUNNING, TASK]);
    must(sameAddress(from, before.terms?.provider), "somebody else's provider set a lane");
    for (const [worker, lane] of job.after?.lanes ?? []) {
      must(Number(lane.expiresAt) <= now + DAY || before.lanes.has(worker), "a lane lives longer than a day");
    }
  },
  BidPlaced({ job, from, now }) {
    const { auction, budget } = was(job.before, [OPEN]);
    const taken = job.after?.auction;
    must(auction !== undefined && taken !== undefined, "a bid was taken for a job that is no auction");
    must(now < Number(auction.endsAt), "a bid was taken after the auction's end");
    must(taken.bps < auction.bps && taken.bps <= FULL_BPS, "a bid that is no better was taken");
    must(sameAddress(taken.provider, from), "the bid is not the sender's");
    must(job.after?.budget === budget, "a bid changed the budget");
  },
  AwardJob({ job, now }) {
    const { auction, terms } = was(job.before, [OPEN]);
    must(auction !== undefined && auction.bps <= FULL_BPS, "a job without a bid was awarded");
    must(now >= Number(auction.endsAt), "a job was awarded while bids were taken");
    must(now < Number(terms?.acceptBy), "a job was awarded after acceptBy");
    must(sameAddress(is(job.after, ACCEPTING).terms?.provider, auction.provider), "another bid won");
  },
  DeliverTask({ job, now, letter }) {
    const before = was(job.before, [TASK]);
    must(letter?.truth?.genuine === true, "an answer was taken that the worker did not sign");
    must(now < Number(before.terms?.deadline), "an answer was taken after the deadline");
    must(job.after === undefined, "a task is still there after its answer");
  },
};

function opened({ job, from, now, stage, jobIndex }: Arrival, state: number): JobView {
  must(job.before === undefined || job.before.state === NEW, "a job was opened twice");
  mustBe(from, stage.jobs[jobIndex]?.developer, "the developer");
  const after = is(job.after, state);
  must(after.budget > 0n, "a job was opened with nothing");
  const [acceptBy, deadline] = [Number(after.terms?.acceptBy), Number(after.terms?.deadline)];
  must(now < acceptBy && acceptBy <= deadline && deadline <= now + YEAR, "a job has dates out of order");
  must(Number(after.terms?.openedAt) === now, "a job was opened at another time");
  return after;
}

function expired({ job, now }: Arrival): void {
  const before = was(job.before, [OPEN, ACCEPTING, ACTIVE, TASK]);
  const { terms } = before;
  must(terms !== undefined, "a job without terms expired");
  if (before.state === ACTIVE) {
    must(now >= Number(terms.deadline), "a job expired before its deadline");
    const last = Number(terms.deadline) + Number(before.accepted?.closeSeconds);
    must(is(job.after, CLOSING).closeAt === last, "a job expires at another time");
    return;
  }
  const grace = before.state === ACCEPTING ? DAY : 0;
  const due = before.state === TASK ? Number(terms.deadline) : Number(terms.acceptBy) + grace;
  must(now >= due, "a job expired before its date");
  must(job.after === undefined, "an expired job is still there");
}

function settled({ job, now, letter, message }: Arrival): void {
  const before = was(job.before, RUNNING);
  must(letter?.truth?.genuine === true, "a head was taken that its worker did not sign for this job");
  must(now < before.closeAt, "a head was taken after closeAt");
  const head = message.body.beginParse().skip(32 + 64);
  const lane = before.lanes.get(head.loadUintBig(256));
  must(lane !== undefined, "a head was taken of a worker without a lane");
  const issuedAt = head.skip(64 + 256 + 64).loadUint(64);
  must(issuedAt <= Number(lane.expiresAt), "a head was taken that was issued after the worker's end");
  must(issuedAt >= Number(before.terms?.openedAt), "a head of an earlier job was taken");
  const grace = Number(before.accepted?.settleGraceSeconds);
  must(now <= Number(lane.expiresAt) + grace, "a head was taken after its worker's grace");
}

function proved(arrival: Arrival): void {
  must(arrival.letter?.truth?.genuine === true, "a job was ended by a proof of a lie that nobody told");
  slashed(arrival, fieldsOf(arrival.message).skip(64).loadUintBig(256));
}

/** The part of the provider, in a `ResolveDispute`. */
export const bpsOf = (message: Message): bigint =>
  BigInt(
    message.body
      .beginParse()
      .skip(32 + 64)
      .loadUint(16),
  );
