import { FinalError, RetryableError } from "../errors";
import {
  checkTermsBelong,
  decodeTerms,
  equalBytes,
  hashTerms,
  type JobAddress,
  type RawAddress,
  type Terms,
} from "../protocol";
import { createLane, type Lane } from "./lane";

/** A lane cannot be forgotten while its key lives, or a second log of the same job could begin. */
const MAX_LANES = 65_536;

/** All lanes of this worker's key, one for each job. */
export interface LaneBook {
  /**
   * Opens the job's lane, or raises its budget and deadline; neither ever goes down, so late messages do no harm.
   * Throws `WRONG_NETWORK`, `WRONG_JOB` (job, provider or model), `BAD_REQUEST` for other terms than before, `OVERLOADED`.
   */
  open(
    job: JobAddress,
    offer: { readonly terms: Uint8Array; readonly budget: bigint; readonly deadlineAt: number },
    worker: { readonly networkId: number; readonly provider: RawAddress; readonly modelHash: Uint8Array },
  ): Lane;
  /** Throws `JOB_NOT_ACTIVE` for a job without a lane. */
  find(job: JobAddress): Lane;
}

export function createLaneBook(): LaneBook {
  const lanes = new Map<JobAddress, Lane>();
  return {
    open(job, offer, worker) {
      const terms = decodeTerms(offer.terms);
      checkTermsBelong(terms, { networkId: worker.networkId, job });
      checkTermsFit(terms, worker);
      const known = lanes.get(job);
      if (known === undefined) {
        if (lanes.size >= MAX_LANES) {
          throw new RetryableError(
            "OVERLOADED",
            "The worker holds as many lanes as it can: start a new one.",
          );
        }
        const lane = createLane(terms, offer);
        lanes.set(job, lane);
        return lane;
      }
      if (!equalBytes(known.termsHash, hashTerms(terms))) {
        throw new FinalError("BAD_REQUEST", "The job's lane was opened with other terms.", { job });
      }
      known.raise(offer);
      return known;
    },
    find(job) {
      const lane = lanes.get(job);
      if (lane === undefined) {
        throw new FinalError("JOB_NOT_ACTIVE", "The worker has no lane for this job.", { job });
      }
      return lane;
    },
  };
}

function checkTermsFit(
  terms: Terms,
  worker: { readonly provider: RawAddress; readonly modelHash: Uint8Array },
): void {
  if (terms.provider !== worker.provider) {
    throw new FinalError("WRONG_JOB", "The terms name another provider.", { provider: terms.provider });
  }
  if (!equalBytes(terms.modelHash, worker.modelHash)) {
    throw new FinalError("WRONG_JOB", "The terms name another model.");
  }
}
