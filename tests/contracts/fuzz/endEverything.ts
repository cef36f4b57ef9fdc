import type { Address, Cell } from "@ton/core";
import { internal } from "@ton/sandbox";
import { storeUnbond } from "../../../wrappers/messages";
import { body, OP } from "../../support/actors";
import { DAY } from "../../support/world";
import { bare } from "./acts/act";
import { must } from "./arrival";
import type { Books } from "./books";
import { PLENTY } from "./plenty";
import type { Stage } from "./stage";
import { NEW } from "./views";

/**
 * Whatever happened: after their last dates a stranger ends every job. What each party gets on the way is held against
 * what it is owed by the checks after each transaction.
 */
export function endEverything(stage: Stage, books: Books): void {
  const { chain, jobs } = stage;
  const post = (from: Address, to: Address, content: Cell) =>
    books.post(internal({ from, to, value: PLENTY, body: content, bounce: true }));
  for (const op of [OP.ExpireJob, OP.FinalizeJob]) {
    const dates = [...jobs.keys()].map((index) => lastDate(books, index));
    chain.now = Math.max(chain.now, ...dates);
    for (const [index, { address }] of jobs.entries()) {
      if (isRunning(books, index)) {
        post(stage.stranger, address, bare(op));
      }
    }
    books.drain();
  }
  for (const index of jobs.keys()) {
    must(
      !isRunning(books, index),
      `job ${index} cannot be ended: it stays in state ${books.job(index)?.state}`,
    );
  }
  for (const index of stage.providers.keys()) {
    const { bonded, openJobs } = books.provider(index) ?? NOTHING;
    must(
      bonded === 0n && openJobs === 0,
      `${bonded} of a stake stay bonded for ${openJobs} jobs that have ended`,
    );
  }
}

/** After all jobs have ended, every stake can be taken home, whole. */
export function takeStakesHome(stage: Stage, books: Books): void {
  const { chain } = stage;
  const post = (from: Address, to: Address, content: Cell) =>
    books.post(internal({ from, to, value: PLENTY, body: content, bounce: true }));
  for (const [index, { address, owner }] of stage.providers.entries()) {
    const { stake, unbonding } = books.provider(index) ?? NOTHING;
    if (stake > 0n) {
      post(owner, address, body(storeUnbond({ $$type: "Unbond", queryId: 1n, amount: stake })));
      books.drain();
    }
    if (stake + unbonding > 0n) {
      chain.now = Math.max(chain.now, books.provider(index)?.unbondingUntil ?? 0);
      post(owner, address, bare(OP.WithdrawUnbonded));
      books.drain();
    }
    const left = books.provider(index) ?? NOTHING;
    must(left.stake === 0n && left.unbonding === 0n, `${left.stake + left.unbonding} of a stake are stuck`);
  }
}

const NOTHING = { stake: 0n, bonded: 0n, unbonding: 0n, openJobs: 0 };

const isRunning = (books: Books, index: number) => (books.job(index)?.state ?? NEW) !== NEW;

/** When the next poke of that job must work: docs/protocol.md has the table. */
function lastDate(books: Books, index: number): number {
  const job = books.job(index);
  if (job?.terms === undefined) {
    return 0;
  }
  const { acceptBy, deadline } = job.terms;
  const dates: Readonly<Record<number, number>> = {
    1: Number(acceptBy),
    2: Number(acceptBy) + DAY,
    3: Number(deadline),
    4: job.closeAt + Number(job.accepted?.challengeSeconds ?? 0),
    5: Number(job.dispute?.endsAt ?? 0n),
    16: Number(deadline),
  };
  return dates[job.state] ?? 0;
}
