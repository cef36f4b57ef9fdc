import type { Address } from "@ton/core";
import { storeDemandReceipt, storeShowReceipt } from "../../../../wrappers/messages";
import { body } from "../../../support/actors";
import { testKey } from "../../../support/keys";
import { workerLog } from "../../../support/lies";
import { WORKER } from "../../../support/world";
import { mostOf } from "../most";
import { hasSession, type JobView } from "../views";
import { type Act, developersJob, jobsThat, type Look, pick } from "./act";
import { WORKERS } from "./signed";

const NOBODY = testKey("somebody else");
/** As of heads that no log belongs to: nobody can show a receipt under it. */
const NO_LOG = Buffer.alloc(32, 7);
const NO_LANE = { settled: 0n, maturing: 0n, latest: 0n };

type Claimed = typeof NO_LANE;

const hasClaim = (job: JobView) =>
  hasSession(job) && [...job.lanes.values()].some(({ maturing }) => maturing > 0n);

/** Any receipt under a head of that amount. Now and then signature, job, date or place is another, or there is no log. */
const demandUnder =
  (amounts: (lane: Claimed) => readonly bigint[]): Act =>
  (look, who) => {
    const { stage, step, now } = look;
    const at = developersJob(look, who, hasClaim);
    const { address: to, developer: from } = pick(stage.jobs, at);
    const lanes = [...(look.job(at)?.lanes ?? [])];
    const [id, lane] = pick(lanes.length > 0 ? lanes : [[WORKER.id, NO_LANE] as const], step.choice);
    const worker = WORKERS.find((key) => key.id === id) ?? WORKER;
    const flaw = step.detail % 16;
    const about = flaw === 1 ? stage.network : to;
    const size = 1 + (step.amount % 4);
    const head = workerLog(about, { worker }).head({
      size,
      amount: pick(amounts(lane), step.choice),
      issuedAt: flaw === 2 ? 1 : now,
      ...(flaw === 3 ? { signer: NOBODY } : {}),
      ...(flaw === 4 ? { root: NO_LOG } : {}),
    });
    const index = BigInt(flaw === 5 ? size : step.detail % size);
    const content = body(
      storeDemandReceipt({ $$type: "DemandReceipt", queryId: 1n, worker: id, index, head }),
    );
    const truth = { genuine: about.equals(to) && flaw !== 3 };
    return [{ name: "DemandReceipt", from, to, content, truth }];
  };

const claimedBy = ({ settled, maturing, latest }: Claimed) => mostOf(settled, maturing, latest);

/** Of a claim that waits. */
export const demand = demandUnder((lane) => [lane.maturing, claimedBy(lane)]);
/** Also of what is settled, and of what nobody claimed. */
export const demandAnything = demandUnder((lane) => [
  lane.settled,
  lane.settled + 1n,
  lane.maturing,
  claimedBy(lane),
  claimedBy(lane) + 1n,
]);

/** What somebody shows of a log, when the receipt at that place is demanded. */
type Show = (place: number, size: number) => ReturnType<ReturnType<typeof workerLog>["receipt"]>;

const show =
  (fromOf: (look: Look, who: number) => Address, shows: (to: Address) => readonly Show[]): Act =>
  (look, who) => {
    const { stage, step } = look;
    const at = pick(
      jobsThat(look, (job) => job.demand !== undefined),
      step.job,
    );
    const { address: to } = pick(stage.jobs, at);
    const { index, size } = look.job(at)?.demand ?? { index: 0n, size: 4n };
    const receipt = pick(shows(to), step.detail)(Number(index), Number(size));
    const content = body(storeShowReceipt({ $$type: "ShowReceipt", queryId: 1n, receipt }));
    return [{ name: "ShowReceipt", from: fromOf(look, who), to, content }];
  };

const right =
  (to: Address): Show =>
  (place, size) =>
    workerLog(to).receipt(place, size);

/** Another receipt, the place in an earlier or later log, and one that was changed. */
const wrong = (to: Address): readonly Show[] => [
  (place, size) => workerLog(to).receipt((place + 1) % size, size),
  (place, size) => workerLog(to).receipt(place, size < 4 ? 4 : place + 1),
  (place, size) => workerLog(to, { changes: { [place]: { responseHash: NO_LOG } } }).receipt(place, size),
];

const operatorOf = ({ stage }: Look, who: number) => pick(stage.providers, who).operator;

export const answer = show(operatorOf, (to) => [right(to)]);
export const mislead = show(operatorOf, wrong);
export const meddle = show(
  ({ stage }) => stage.stranger,
  (to) => [right(to), ...wrong(to)],
);
