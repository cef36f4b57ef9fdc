import type { Address, Builder } from "@ton/core";
import { storeSettle } from "../../../../wrappers/messages";
import { body } from "../../../support/actors";
import { equivocation, falseTotal, LIES, overcharge, STEP, workerLog } from "../../../support/lies";
import { SESSION, service } from "../../../support/world";
import { nameOfBody } from "../arrival";
import { hasSession } from "../views";
import { type Act, jobsThat, type Look, pick } from "./act";

type Proof = (job: Address) => (builder: Builder) => unknown;

/** Accusations of a worker that told no lie. */
const SLANDERS: readonly Proof[] = [
  (job) => equivocation(workerLog(job).head(), workerLog(job).head()),
  (job) => equivocation(workerLog(job).head({ size: 2 }), workerLog(job).head()),
  (job) => falseTotal(workerLog(job).head(), workerLog(job).receipt(3)),
  (job) => overcharge(2, { head: workerLog(job).head(), receipt: workerLog(job).receipt(2) }),
];

const accuse: (proofs: readonly Proof[], genuine: boolean) => Act = (proofs, genuine) => (look) => {
  const { stage, step } = look;
  const running = jobsThat(look, hasSession);
  const index = pick(running, step.job);
  const to = pick(stage.jobs, index).address;
  // A lie that was told to another job proves nothing to this one.
  const about = step.amount % 6 === 0 ? stage.network : to;
  const content = body(pick(proofs, step.detail)(about));
  const name = nameOfBody(content) ?? "";
  const truth = {
    genuine: (genuine && about.equals(to)) || (name === "ProveOvercharge" && isCheaper(look, index)),
  };
  return [{ name, from: stage.stranger, to, content, truth }];
};

/** Receipts of the log are of the usual prices: in a job of others each is an overcharge. */
const isCheaper = (look: Look, index: number) => !(look.job(index)?.terms?.service.equals(service()) ?? true);

export const expose = accuse(Object.values(LIES), true);
export const slander = accuse(SLANDERS, false);

/** What the lies are about: heads of an honest log, claimed before somebody shows another. */
export const claimFromLog: Act = (look) => {
  const { stage, step, now } = look;
  const running = jobsThat(look, hasSession);
  const to = pick(stage.jobs, pick(running, step.job)).address;
  const cosigned = step.detail % 4 === 0;
  const size = 1 + (step.amount % 4);
  const head = workerLog(to).settled({
    size,
    amount: BigInt(size) * STEP,
    issuedAt: now,
    session: cosigned ? SESSION : null,
  });
  const content = body(storeSettle(head));
  return [{ name: "Settle", from: stage.stranger, to, content, truth: { genuine: true, cosigned } }];
};
