import { settledBy } from "../../../../wrappers/contested";
import { loadFraud, loadJobClosed } from "../../../../wrappers/messages";
import { type Arrival, must, nameOf } from "../arrival";
import { maturingTime, sameAddress } from "../views";
import { RUNNING, was } from "./states";

const SLASHED = 3n;

/** A job ended as a proved lie ends it: its provider is told whose lie, what its lane was owed by then, and who told. */
export function slashed({ job, outcome, from, now }: Arrival, worker: bigint): void {
  const before = was(job.before, RUNNING);
  must(job.after === undefined, "a job is still there after a proved lie");
  const report = outcome.outs.find((message) => nameOf(message) === "JobClosed");
  must(report !== undefined, "a provider was not told of its worker's lie");
  const closed = loadJobClosed(report.body.beginParse());
  must(closed.outcome === SLASHED && closed.fraud !== null, "a proved lie ended a job as something else");
  const fraud = loadFraud(closed.fraud.beginParse());
  const lane = before.lanes.get(worker);
  must(lane !== undefined && fraud.worker === worker, "another worker was blamed");
  const owed = settledBy(lane, maturingTime(before, now));
  must(fraud.owed === owed, `a developer is to be made whole for ${fraud.owed} and not ${owed}`);
  must(sameAddress(fraud.treasury, before.rules?.treasury), "a bond goes to another treasury than the job's");
  must(sameAddress(fraud.reporter, from), "somebody else was named as the reporter");
}
