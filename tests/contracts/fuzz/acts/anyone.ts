import { storeDeclareDemand, storeSyncLane } from "../../../../wrappers/messages";
import { body, OP } from "../../../support/actors";
import { CLOSING, type JobView, NEW } from "../views";
import { type Act, bare, jobsThat, pick, worded } from "./act";
import { meddle } from "./demands";
import { expose, slander } from "./lies";
import { WORKERS } from "./signed";

type Fits = (job: JobView) => boolean;

export const onJob =
  (name: "ExpireJob" | "FinalizeJob" | "AwardJob" | "ProveWithheld", fits: Fits): Act =>
  (look) => {
    const { stage, step } = look;
    const to = pick(stage.jobs, pick(jobsThat(look, fits), step.job)).address;
    return [{ name, from: stage.stranger, to, content: bare(OP[name]) }];
  };

export const releaseClaims: Act = (look) => {
  const { stage, step } = look;
  const waits = ({ lanes }: JobView) => [...lanes.values()].some(({ maturing }) => maturing > 0n);
  const worker = pick(WORKERS, step.detail % 5 === 0 ? 1 : 0).id;
  return [
    {
      name: "ReleaseClaims",
      from: stage.stranger,
      to: pick(stage.jobs, pick(jobsThat(look, waits), step.job)).address,
      content: worded(OP.ReleaseClaims, worker),
    },
  ];
};

/** Only its provider's owner or operator may open a lane by it; anyone may renew or end one. */
const syncLane: Act = ({ stage, step }) => {
  const content = body(
    storeSyncLane({
      $$type: "SyncLane",
      queryId: 1n,
      job: pick(stage.jobs, step.job).address,
      worker: pick(WORKERS, step.detail).id,
    }),
  );
  return [
    { name: "SyncLane", from: stage.stranger, to: pick(stage.providers, step.choice).address, content },
  ];
};

export const syncParams: Act = ({ stage, step }) => [
  {
    name: "SyncParams",
    from: stage.stranger,
    to: pick(stage.providers, step.choice).address,
    content: bare(OP.SyncParams),
  },
];

const onWorker =
  (name: "RecheckWorker" | "DropWorker"): Act =>
  ({ stage, step }) => [
    {
      name,
      from: stage.stranger,
      to: pick(stage.providers, step.choice).address,
      content: worded(OP[name], pick(WORKERS, step.detail).id),
    },
  ];

const onMarket: Act = ({ stage, step }) => [
  step.detail % 2
    ? { name: "AskPrice", from: stage.stranger, to: stage.market, content: bare(OP.AskPrice) }
    : {
        name: "DeclareDemand",
        from: stage.stranger,
        to: stage.market,
        content: body(
          storeDeclareDemand({ $$type: "DeclareDemand", queryId: 1n, tokensPerDay: BigInt(step.amount) }),
        ),
      },
];

export const award = onJob("AwardJob", ({ auction }) => auction !== undefined && auction.bps <= 10_000n);

export const proveWithheld = onJob("ProveWithheld", ({ demand }) => demand !== undefined);

/** As soon as a demand's time is over, and not before, unless nobody waits for anything. */
export const insist: Act = (look) => {
  const isOver = ({ demand }: JobView) => demand !== undefined && look.now >= Number(demand.answerBy);
  return onJob("ProveWithheld", isOver)(look, 0);
};

export const ANYONES_ACTS: readonly Act[] = [
  onJob("ExpireJob", ({ state }) => state !== NEW),
  onJob("ExpireJob", ({ state }) => state !== NEW && state !== CLOSING),
  onJob("FinalizeJob", ({ state }) => state !== NEW),
  onJob("FinalizeJob", ({ state }) => state === CLOSING),
  onJob("AwardJob", ({ auction }) => auction !== undefined),
  award,
  releaseClaims,
  releaseClaims,
  syncLane,
  syncParams,
  onWorker("RecheckWorker"),
  onWorker("DropWorker"),
  onMarket,
  expose,
  expose,
  slander,
  proveWithheld,
  insist,
  insist,
  insist,
  insist,
  insist,
  insist,
  insist,
  meddle,
];
