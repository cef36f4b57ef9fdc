import { type Address, beginCell, type Cell } from "@ton/core";
import { type JobEscrow, storeJobRecord } from "../build/JobEscrow/JobEscrow_JobEscrow";
import { codeReference, type JobCodeForm, newJobEscrow } from "./codes";

export { JobEscrow, type JobState } from "../build/JobEscrow/JobEscrow_JobEscrow";

/** What fixes a job's address. `providerCode` is the network's ProviderStake code. */
export interface JobEscrowConfig {
  readonly registry: Address;
  readonly developer: Address;
  readonly nonce: bigint;
  readonly providerCode: Cell;
  /** As the network's jobs carry their code; "library" unless given. */
  readonly form?: JobCodeForm;
}

/**
 * The job of that developer and nonce, with the code and data it is deployed with.
 *
 * @example
 * import { Address } from "@ton/core";
 * import { contractCodes, JobEscrow, jobEscrow } from "cocoon/contracts";
 *
 * const registry = new Address(0, Buffer.alloc(32, 1));
 * const developer = new Address(0, Buffer.alloc(32, 2));
 * const { provider: providerCode } = await contractCodes();
 * const jobOf = (nonce) => jobEscrow({ registry, developer, nonce, providerCode });
 * const job = await jobOf(1n);
 * console.log(job.address.equals((await jobOf(2n)).address)); // false
 * console.log(JobEscrow.fromAddress(job.address).address.equals(job.address)); // true
 */
export function jobEscrow(config: JobEscrowConfig): Promise<JobEscrow> {
  const provider = codeReference(config.providerCode);
  const record = beginCell()
    .store(
      storeJobRecord({
        $$type: "JobRecord",
        registry: config.registry,
        developer: config.developer,
        nonce: config.nonce,
        providerCodeHash: provider.hash,
        providerCodeDepth: provider.depth,
      }),
    )
    .endCell();
  return newJobEscrow(record, config.form ?? "library");
}

export type JobStateName = "new" | "open" | "accepting" | "active" | "closing" | "disputed" | "task";

/** States of a JobEscrow, by the number its getter returns. A closed job is an account that no longer exists. */
export const JOB_STATES: Readonly<Record<number, JobStateName>> = {
  0: "new",
  1: "open",
  2: "accepting",
  3: "active",
  4: "closing",
  5: "disputed",
  16: "task",
};
