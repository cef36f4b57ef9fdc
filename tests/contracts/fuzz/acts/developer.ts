import { beginCell } from "@ton/core";
import { contestedClaims, disputeBond, sumOfClaims } from "../../../../wrappers/contested";
import { storeWriteEntry } from "../../../../wrappers/GuestBook";
import {
  storeAuctionService,
  storeDisputeClaim,
  storeOpenAuction,
  storeOpenJob,
  storeOpenTask,
  storeTopUpJob,
} from "../../../../wrappers/messages";
import { body, OP, UNDERPAID } from "../../../support/actors";
import { DAY, MODEL, PRICES, SESSION, service, WORKER } from "../../../support/world";
import { REQUEST, taskService } from "../../tasks/cast";
import type { Strategy } from "../steps";
import { type Act, bare, developersJob, type Look, pick } from "./act";
import { insist } from "./anyone";
import { demand, demandAnything } from "./demands";

const QUARTER_TON = 250_000_000n;
const HOUR = 3_600;
const YEAR = 365 * DAY;

const jobOf = ({ stage, step }: Look, who: number) => pick(stage.jobs, who * 2 + (step.job % 2));
const budgetOf = ({ step }: Look) => BigInt(1 + (step.amount % 8)) * QUARTER_TON + BigInt(step.detail);

/** Mostly sensible; some lie in the past or beyond a year. */
function datesOf({ now, step }: Look) {
  const acceptBy = now + pick([HOUR, DAY, DAY, DAY, 3 * DAY, 0, -1], step.detail);
  const deadline = acceptBy + pick([0, HOUR, DAY, DAY, 3 * DAY, 9 * DAY, 9 * DAY, YEAR, -1], step.amount);
  return { acceptBy: BigInt(acceptBy), deadline: BigInt(deadline) };
}

export const openSession: Act = (look, who) => {
  const { address: to, init, developer: from } = jobOf(look, who);
  const { step, stage } = look;
  const budget = budgetOf(look);
  const content = body(
    storeOpenJob({
      $$type: "OpenJob",
      queryId: 1n,
      kind: step.detail % 31 === 0 ? 1n : 0n,
      budget,
      ...datesOf(look),
      owner: pick(stage.providers, step.choice).owner,
      index: 0n,
      worker: step.detail % 4 === 0 ? 0n : WORKER.id,
      sessionPublicKey: SESSION.id,
      service: service(MODEL, step.detail % 7 === 0 ? UNDERPAID : undefined),
    }),
  );
  return [{ name: "OpenJob", from, to, amount: budget, content, init }];
};

export const openAuction: Act = (look, who) => {
  const { address: to, init, developer: from } = jobOf(look, who);
  const budget = budgetOf(look);
  const dates = datesOf(look);
  const auctioned = beginCell()
    .store(
      storeAuctionService({
        $$type: "AuctionService",
        modelHash: MODEL,
        prices: PRICES,
        market: look.step.detail % 5 === 0 ? look.stage.stranger : look.stage.market,
      }),
    )
    .endCell();
  const content = body(
    storeOpenAuction({
      $$type: "OpenAuction",
      queryId: 1n,
      budget,
      endsAt: BigInt(look.now + pick([600, 600, HOUR, 0], look.step.choice)),
      ...dates,
      sessionPublicKey: SESSION.id,
      service: auctioned,
    }),
  );
  return [{ name: "OpenAuction", from, to, amount: budget, content, init }];
};

export const openTask: Act = (look, who) => {
  const { address: to, init, developer: from } = jobOf(look, who);
  const { step, stage } = look;
  const price = budgetOf(look) / 8n;
  const callback = step.detail % 3 === 0 ? 0n : 10_000_000n;
  const content = body(
    storeOpenTask({
      $$type: "OpenTask",
      queryId: 1n,
      price,
      ...datesOf(look),
      owner: pick(stage.providers, step.choice).owner,
      index: 0n,
      worker: step.detail % 9 === 0 ? 0n : WORKER.id,
      service: taskService({ callback }),
      request: REQUEST,
    }),
  );
  return [{ name: "OpenTask", from, to, amount: price + callback, content, init }];
};

export const topUp: Act = (look, who) => {
  const { address: to, developer: from } = jobOf(look, who);
  const amount = look.step.amount % 9 === 0 ? 0n : budgetOf(look);
  return [
    {
      name: "TopUpJob",
      from,
      to,
      amount,
      content: body(storeTopUpJob({ $$type: "TopUpJob", queryId: 1n, amount })),
    },
  ];
};

const simply =
  (name: "CloseJob" | "CancelJob"): Act =>
  (look, who) => {
    const { address: to, developer: from } = jobOf(look, who);
    return [{ name, from, to, content: bare(OP[name]) }];
  };

/** The guest book asks a model by itself, and so opens the next of its jobs. */
export const writeEntry: Act = ({ stage }) => {
  const entry = beginCell().storeStringTail("Nice place.").endCell();
  const { address: to, init } = stage.book;
  const content = body(storeWriteEntry({ $$type: "WriteEntry", queryId: 1n, entry }));
  const amount = 150_000_000n;
  return [{ name: "WriteEntry", from: stage.stranger, to, amount, content, init }];
};

/** With the bond for what waits by now; the greedy dispute whatever they are told. */
export const dispute: Act = (look, who) => {
  const { stage, step, now } = look;
  const index = developersJob(look, who, ({ lanes }) => lanes.size > 0);
  const { address: to, developer: from } = pick(stage.jobs, index);
  const contested = sumOfClaims(contestedClaims(look.job(index)?.lanes ?? [], now));
  const amount = disputeBond(contested) + (step.detail % 16 === 0 ? 1n : 0n);
  const content = body(storeDisputeClaim({ $$type: "DisputeClaim", queryId: 1n }));
  return [{ name: "DisputeClaim", from, to, amount, content }];
};

export const close = simply("CloseJob");
export const cancel = simply("CancelJob");
const OPENINGS = [openSession, openSession, openSession, openAuction, openAuction, openTask, openTask];

/** What a developer does, the more often the more of it; a greedy one takes back what it can, as early as it can. */
export const DEVELOPER_ACTS: Readonly<Record<Strategy, readonly Act[]>> = {
  honest: [...OPENINGS, topUp, close, dispute, demand, demand, insist, insist],
  lazy: [...OPENINGS, topUp, insist],
  greedy: [
    ...OPENINGS,
    cancel,
    cancel,
    close,
    close,
    close,
    dispute,
    dispute,
    dispute,
    demandAnything,
    demandAnything,
    insist,
    insist,
  ],
  "front-running": [...OPENINGS, cancel, close, dispute, demand, insist],
  replaying: [...OPENINGS, topUp, cancel, close, dispute, demand, insist],
  crashing: [...OPENINGS, insist],
};
