import { type Address, beginCell, type Cell } from "@ton/core";
import { storeProviderRecord } from "../build/JobEscrow/JobEscrow_JobEscrow";
import type { ProviderStake } from "../build/ProviderStake/ProviderStake_ProviderStake";
import { codeReference, newProviderStake } from "./codes";

export { ProviderStake, type ProviderState } from "../build/ProviderStake/ProviderStake_ProviderStake";

/** What fixes a provider's address. `jobCode` is the network's JobEscrow code. */
export interface ProviderStakeConfig {
  readonly registry: Address;
  readonly owner: Address;
  readonly index: number;
  readonly jobCode: Cell;
}

/**
 * The ProviderStake of that owner and index, with the code and data it is deployed with.
 *
 * @example
 * import { Address } from "@ton/core";
 * import { contractCodes, ProviderStake, providerStake } from "cocoon/contracts";
 *
 * const registry = new Address(0, Buffer.alloc(32, 1));
 * const owner = new Address(0, Buffer.alloc(32, 2));
 * const { job: jobCode } = await contractCodes();
 * const stake = await providerStake({ registry, owner, index: 0, jobCode });
 * console.log(ProviderStake.fromAddress(stake.address).address.equals(stake.address)); // true
 */
export function providerStake(config: ProviderStakeConfig): Promise<ProviderStake> {
  const job = codeReference(config.jobCode);
  const record = beginCell()
    .store(
      storeProviderRecord({
        $$type: "ProviderRecord",
        registry: config.registry,
        owner: config.owner,
        index: BigInt(config.index),
        jobCodeHash: job.hash,
        jobCodeDepth: job.depth,
        params: null,
        catalog: null,
      }),
    )
    .endCell();
  return newProviderStake(record);
}
