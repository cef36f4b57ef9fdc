import { Cell, Dictionary } from "@ton/core";
import { JobEscrow } from "../build/JobEscrow/JobEscrow_JobEscrow";
import { ProviderStake } from "../build/ProviderStake/ProviderStake_ProviderStake";

/** The code that this build gives to a network's children. */
export interface ContractCodes {
  readonly provider: Cell;
  readonly job: Cell;
}

/** A JobEscrow as it is deployed: everything zero, only its record given. */
export function newJobEscrow(record: Cell): Promise<JobEscrow> {
  return JobEscrow.fromInit(0n, 0n, 0n, 0n, 0n, 0n, null, record);
}

/** A ProviderStake as it is deployed: everything zero, only its record given. */
export function newProviderStake(record: Cell): Promise<ProviderStake> {
  return ProviderStake.fromInit(
    false, // registered
    0n, // stake
    0n, // bonded
    0n, // unbonding
    0n, // unbondingUntil
    0n, // openJobs
    0n, // counters
    0n, // earned
    0n, // historyRoot
    false, // paused
    Dictionary.empty(), // workers
    record,
  );
}

/** Compiled code of ProviderStake and JobEscrow. */
export async function contractCodes(): Promise<ContractCodes> {
  const [provider, job] = await Promise.all([newProviderStake(Cell.EMPTY), newJobEscrow(Cell.EMPTY)]);
  if (provider.init === undefined || job.init === undefined) {
    throw new Error("The generated wrappers carry no code: run `npm run build`.");
  }
  return { provider: provider.init.code, job: job.init.code };
}

/** A code's hash and depth, as they enter an address. */
export function codeReference(code: Cell): { readonly hash: bigint; readonly depth: bigint } {
  return { hash: BigInt(`0x${code.hash().toString("hex")}`), depth: BigInt(code.depth()) };
}
