import { DAY } from "../../support/world";
import type { Act } from "./acts/act";
import { award, syncParams } from "./acts/anyone";
import { demand } from "./acts/demands";
import { dispute, openAuction, openSession, openTask } from "./acts/developer";
import { claimFromLog } from "./acts/lies";
import { acceptOffice, executeChange, queueChange } from "./acts/offices";
import { bid } from "./acts/provider";
import { attestWorker, claim } from "./acts/signed";
import type { Opening, Step } from "./steps";

/** An act, who does it (the number of a developer or provider), and what is not as usual. */
export interface Scripted {
  readonly act: Act;
  readonly who?: number;
  readonly how?: Partial<Step>;
  /** Seconds that pass before it. */
  readonly after?: number;
}

/** Numbers by which each act does what an honest party would. */
export const USUAL: Step = {
  actor: "anyone",
  act: 0,
  job: 0,
  amount: 5,
  detail: 71,
  sender: 0,
  value: 0,
  arrivals: 0,
  choice: 0,
};

/** By it, the developer offers less than the provider's price. */
const UNDERPAID = { detail: 77 };
const RIVAL = { choice: 1 };

export const SCRIPTS: Readonly<Record<Opening, readonly Scripted[]>> = {
  nothing: [],
  session: [{ act: openSession }],
  claim: [{ act: openSession }, { act: claim, how: { amount: 300 } }],
  matured: [
    { act: openSession },
    { act: claim, how: { amount: 300 } },
    { act: claim, how: { amount: 300, detail: 72 }, after: 3_600 },
    { act: openTask, who: 1, after: DAY - 3_600 },
  ],
  sessions: [
    { act: openSession },
    { act: openSession, how: { job: 1, amount: 4 } },
    { act: openSession, who: 1, how: RIVAL },
  ],
  refused: [
    { act: openSession, how: UNDERPAID },
    { act: openSession, who: 1, how: { ...RIVAL, ...UNDERPAID } },
  ],
  auction: [
    { act: openAuction },
    { act: bid, how: { amount: 200 } },
    { act: bid, who: 1, how: { amount: 100 } },
  ],
  awarded: [{ act: openAuction }, { act: bid, who: 1, how: { amount: 100 } }, { act: award, after: 600 }],
  changed: [
    { act: queueChange, how: { detail: 2 } },
    { act: executeChange, how: { detail: 2 }, after: DAY },
    { act: attestWorker, how: { detail: 72 } },
    { act: syncParams },
    { act: openSession },
  ],
  // Claims mature at once, and stake can leave at once.
  unruly: [
    { act: queueChange, how: { detail: 5 } },
    { act: executeChange, after: DAY },
    { act: attestWorker, how: { detail: 72 } },
    { act: syncParams },
    { act: openSession },
    { act: claim, how: { amount: 300 } },
  ],
  // The governor's successor is a stranger, who attests workers and has named the guardian.
  usurped: [
    { act: queueChange, how: { detail: 13 } },
    { act: queueChange, how: { detail: 15 } },
    { act: queueChange, how: { detail: 18 } },
    { act: executeChange, after: DAY },
    { act: executeChange },
    { act: executeChange },
    { act: acceptOffice, how: { detail: 0 } },
    { act: attestWorker, how: { detail: 72 } },
    { act: syncParams },
    { act: openSession },
    { act: claim, how: { amount: 300 } },
  ],
  disputed: [
    { act: openSession },
    { act: claim, how: { amount: 300 } },
    { act: dispute, after: 3_600 },
    { act: claim, how: { amount: 300, detail: 72 } },
  ],
  ruling: [
    { act: openSession },
    { act: openSession, who: 1, how: RIVAL },
    { act: claim, how: { amount: 300 } },
    { act: claim, who: 1, how: { amount: 200 } },
    { act: dispute, after: 3_600 },
    { act: dispute, who: 1 },
    { act: attestWorker, after: DAY },
  ],
  demanded: [
    { act: openSession },
    { act: openSession, who: 1, how: RIVAL },
    { act: claimFromLog, how: { job: 1, amount: 3 } },
    { act: demand, who: 1, how: { amount: 3 } },
    { act: claimFromLog, how: { amount: 3 }, after: DAY / 4 },
    { act: demand, how: { amount: 3 } },
  ],
  // The time for an answer is just over, and the claim has not matured.
  withheld: [
    { act: openSession },
    { act: openSession, who: 1, how: RIVAL },
    { act: claimFromLog, how: { job: 1, amount: 3 } },
    { act: claimFromLog, how: { amount: 3 } },
    { act: demand, who: 1, how: { amount: 3 } },
    { act: demand, how: { amount: 3 } },
    { act: syncParams, after: DAY / 4 },
  ],
  task: [{ act: openTask }, { act: openTask, who: 1, how: RIVAL }],
};
