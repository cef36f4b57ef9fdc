import type { Address } from "@ton/core";
import { AttestationRegistry, ProviderStake } from "../../../wrappers";
import { loadNetworkParams } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { FinalError } from "../../errors";
import type { Context } from "../context";

/** What the provider's network asks of attestations now. */
export interface ChainPolicy {
  readonly registry: Address;
  readonly epoch: number;
  /** Attestors that must sign, where they are asked. */
  readonly threshold: number;
}

export async function readChainPolicy(context: Pick<Context, "reader" | "provider">): Promise<ChainPolicy> {
  const params = await openContract(context.reader, ProviderStake.fromAddress(context.provider)).getParams();
  if (params === null) {
    throw new FinalError("CONFIG_INVALID", "The provider is not admitted to the network: register it first.");
  }
  const registry = loadNetworkParams(params.beginParse()).attestationRegistry;
  const state = await openContract(
    context.reader,
    AttestationRegistry.fromAddress(registry),
  ).getAttestationState();
  return { registry, epoch: Number(state.epoch), threshold: Number(state.threshold) };
}
