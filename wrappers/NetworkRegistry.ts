import { type Address, beginCell, Dictionary } from "@ton/core";
import { type NetworkParams, storeNetworkParams } from "../build/JobEscrow/JobEscrow_JobEscrow";
import { NetworkRegistry } from "../build/NetworkRegistry/NetworkRegistry_NetworkRegistry";
import { codeReference, contractCodes, type JobCodeForm } from "./codes";

export { NetworkRegistry, type NetworkState } from "../build/NetworkRegistry/NetworkRegistry_NetworkRegistry";

export interface NetworkRegistryConfig {
  readonly governor: Address;
  readonly guardian: Address;
  /** Wait between announcing a change and carrying it out. */
  readonly timelockSeconds: number;
  readonly params: NetworkParams;
  /** "library" unless given: then the code must be published before the first job is opened. */
  readonly jobCode?: JobCodeForm;
}

/**
 * A network whose providers and jobs have this build's code.
 *
 * @example
 * import { Address } from "@ton/core";
 * import { NetworkRegistry, networkRegistry } from "cocoon/contracts";
 *
 * const someone = new Address(0, Buffer.alloc(32, 1));
 * const params = {
 *   $$type: "NetworkParams",
 *   feeBps: 200n,
 *   bondBps: 1_000n,
 *   minStake: 1_000_000_000n,
 *   unbondingSeconds: 604_800n,
 *   challengeSeconds: 86_400n,
 *   closeSeconds: 86_400n,
 *   settleGraceSeconds: 3_600n,
 *   treasury: someone,
 *   arbiter: someone,
 *   attestationRegistry: someone,
 * };
 * const roles = { governor: someone, guardian: someone };
 * const network = await networkRegistry({ ...roles, timelockSeconds: 86_400, params });
 * console.log(NetworkRegistry.fromAddress(network.address).address.equals(network.address)); // true
 */
export async function networkRegistry(config: NetworkRegistryConfig): Promise<NetworkRegistry> {
  const codes = await contractCodes(config.jobCode);
  const provider = codeReference(codes.provider);
  const job = codeReference(codes.job);
  return NetworkRegistry.fromInit(
    config.governor,
    null, // pendingGovernor
    config.guardian,
    BigInt(config.timelockSeconds),
    Dictionary.empty(), // changes
    false, // paused
    provider.hash,
    provider.depth,
    job.hash,
    job.depth,
    beginCell().store(storeNetworkParams(config.params)).endCell(),
  );
}
