import { beginCell, Cell, contractAddress, Dictionary } from "@ton/core";
import { JobEscrow, storeMarketPrice } from "../build/JobEscrow/JobEscrow_JobEscrow";
import { ModelMarket } from "../build/ModelMarket/ModelMarket_ModelMarket";
import { ProviderStake } from "../build/ProviderStake/ProviderStake_ProviderStake";
import { TeePlatform } from "../build/TeePlatform/TeePlatform_TeePlatform";

/**
 * How a network's jobs carry their code: all of it, or a reference to a library of the masterchain, which
 * `CodeLibrary` publishes. A network is deployed with one form and keeps it.
 */
export type JobCodeForm = "library" | "whole";

export const JOB_CODE_FORMS: readonly JobCodeForm[] = ["library", "whole"];

/** The code that this build gives to a network's children. */
export interface ContractCodes {
  readonly provider: Cell;
  /** As an account has it: with the form "library", a library cell. */
  readonly job: Cell;
  readonly platform: Cell;
}

/** A JobEscrow as it is deployed: everything zero, only its record given. */
export async function newJobEscrow(record: Cell, form: JobCodeForm): Promise<JobEscrow> {
  const { code, data } = await JobEscrow.init(0n, 0n, 0n, 0n, 0n, 0n, null, record);
  const init = { code: form === "whole" ? code : libraryCell(code), data };
  return new JobEscrow(contractAddress(0, init), init);
}

/** A cell that TVM replaces by the library of that hash. */
export function libraryCell(code: Cell): Cell {
  const LIBRARY_TAG = 2;
  return beginCell().storeUint(LIBRARY_TAG, 8).storeBuffer(code.hash()).endCell({ exotic: true });
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

/** A ModelMarket as it is deployed: nothing sold, nothing declared. */
export function newModelMarket(record: Cell): Promise<ModelMarket> {
  const nothing = beginCell()
    .store(
      storeMarketPrice({
        $$type: "MarketPrice",
        price: 0n,
        at: 0n,
        cumulative: 0n,
        volume: 0n,
        sales: 0n,
        demandDay: 0n,
        demandToday: 0n,
        demandBefore: 0n,
      }),
    )
    .endCell();
  return ModelMarket.fromInit(nothing, record);
}

/** A TeePlatform as it is deployed: nothing known, only its PlatformIdentity given. */
export function newTeePlatform(identity: Cell): Promise<TeePlatform> {
  return TeePlatform.fromInit(null, 0n, 0n, 0n, 0n, identity);
}

/** Compiled code of ProviderStake, JobEscrow and TeePlatform. */
export async function contractCodes(form: JobCodeForm = "library"): Promise<ContractCodes> {
  const [provider, job, platform] = await Promise.all([
    newProviderStake(Cell.EMPTY),
    newJobEscrow(Cell.EMPTY, form),
    newTeePlatform(Cell.EMPTY),
  ]);
  if (provider.init === undefined || job.init === undefined || platform.init === undefined) {
    throw new Error("The generated wrappers carry no code: run `npm run build`.");
  }
  return { provider: provider.init.code, job: job.init.code, platform: platform.init.code };
}

/** The form in which a network's jobs carry their code, from its `jobCodeHash`; undefined when it is other code. */
export async function jobCodeForm(jobCodeHash: bigint): Promise<JobCodeForm | undefined> {
  for (const form of JOB_CODE_FORMS) {
    if (codeReference((await contractCodes(form)).job).hash === jobCodeHash) {
      return form;
    }
  }
  return undefined;
}

/**
 * A code's hash and depth, as they enter an address.
 *
 * @example
 * import { codeReference, contractCodes } from "cocoon/contracts";
 *
 * const { job } = await contractCodes("whole");
 * const { hash, depth } = codeReference(job);
 * console.log(hash === BigInt(`0x${job.hash().toString("hex")}`), depth > 0n); // true true
 */
export function codeReference(code: Cell): { readonly hash: bigint; readonly depth: bigint } {
  return { hash: BigInt(`0x${code.hash().toString("hex")}`), depth: BigInt(code.depth()) };
}
