import { type Arrival, fieldsOf, must } from "./arrival";
import { mostOf } from "./most";
import { ACTIVE, type JobView } from "./views";

interface Claim {
  readonly amount: bigint;
  /** When it may be paid though nobody co-signed it. */
  readonly from: number;
}

const NO_RULES = { closeSeconds: 0n, challengeSeconds: 0n };

interface LaneHistory {
  cosigned: bigint;
  claims: Claim[];
}

/** What each lane of each job was told since it was opened: the contract keeps two amounts, this keeps all. */
export class Claims {
  private readonly jobs = new Map<number, Map<bigint, LaneHistory>>();

  /** Of the developer, by job. */
  private readonly disputes = new Map<number, { readonly at: number; readonly endsAt: number }>();

  /** After a job carried a message out. */
  note(arrival: Arrival): void {
    const { name, jobIndex, job, message, now } = arrival;
    if (name === "OpenJob" || name === "OpenTask" || name === "OpenAuction") {
      this.jobs.set(jobIndex, new Map());
      this.disputes.delete(jobIndex);
    }
    if (name === "DisputeClaim" && job.before !== undefined) {
      const { closeSeconds, challengeSeconds } = job.before.accepted ?? NO_RULES;
      const last = job.before.closeAt;
      const closeAt = job.before.state === ACTIVE ? Math.min(now + Number(closeSeconds), last) : last;
      this.disputes.set(jobIndex, { at: now, endsAt: closeAt + Number(challengeSeconds) });
    }
    if (name === "Settle" && job.before !== undefined) {
      const fields = fieldsOf(message).skip(64);
      const lane = this.lane(jobIndex, fields.loadUintBig(256));
      const amount = fields.skip(64 + 256).loadUintBig(64);
      fields.skip(64).loadRef();
      if (fields.loadBit()) {
        must(
          arrival.letter?.truth?.cosigned === true,
          "a co-signature was taken that the session key did not make",
        );
        lane.cosigned = mostOf(amount, lane.cosigned);
      } else {
        const wait = Number(job.before.accepted?.challengeSeconds);
        lane.claims.push({ amount, from: now + wait });
      }
    }
  }

  /** What was paid out of each lane is co-signed, or has waited its time; and it only grows. */
  checkPaid({ jobIndex, job, now }: Arrival): void {
    const time = this.time(jobIndex, now);
    for (const [worker, lane] of job.after?.lanes ?? []) {
      const before = job.before?.lanes.get(worker)?.settled ?? 0n;
      must(lane.settled >= before, "a lane's paid amount went back");
      const { cosigned, claims } = this.lane(jobIndex, worker);
      const isDue =
        lane.settled <= cosigned ||
        claims.some(({ amount, from }) => amount === lane.settled && from <= time);
      must(lane.settled === before || isDue, "a claim was paid that nobody co-signed, before its time");
    }
  }

  /** The least and the most that a job may have earned when it ends now. */
  owed(jobIndex: number, { before, now }: { before: JobView; now: number }): { least: bigint; most: bigint } {
    const time = this.time(jobIndex, now);
    const wait = Number(before.accepted?.challengeSeconds ?? 0);
    let least = 0n;
    let most = 0n;
    for (const { cosigned, claims } of (this.jobs.get(jobIndex) ?? new Map<bigint, LaneHistory>()).values()) {
      // Two windows after it came, a claim is paid whatever came later.
      least += highest(
        cosigned,
        claims.filter(({ from }) => from + wait <= time),
      );
      most += highest(
        cosigned,
        claims.filter(({ from }) => from <= time),
      );
    }
    return { least, most };
  }

  /** By when claims mature: a dispute stops it until the arbiter's time is over. */
  time(jobIndex: number, now: number): number {
    const dispute = this.disputes.get(jobIndex);
    return dispute !== undefined && now < dispute.endsAt ? dispute.at : now;
  }

  /** All that workers claimed and the contract took. */
  claimed(jobIndex: number): bigint {
    const lanes = this.jobs.get(jobIndex) ?? new Map<bigint, LaneHistory>();
    return [...lanes.values()].reduce((sum, { cosigned, claims }) => sum + highest(cosigned, claims), 0n);
  }

  private lane(jobIndex: number, worker: bigint): LaneHistory {
    const lanes = this.jobs.get(jobIndex) ?? new Map<bigint, LaneHistory>();
    this.jobs.set(jobIndex, lanes);
    const lane = lanes.get(worker) ?? { cosigned: 0n, claims: [] };
    lanes.set(worker, lane);
    return lane;
  }
}

const highest = (least: bigint, claims: readonly Claim[]): bigint =>
  mostOf(least, ...claims.map(({ amount }) => amount));
