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

/** A network whose providers and jobs have this build's code. */
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
