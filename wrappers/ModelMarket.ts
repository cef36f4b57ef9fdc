import { type Address, beginCell } from "@ton/core";
import { storeMarketCodes, storeMarketRecord } from "../build/JobEscrow/JobEscrow_JobEscrow";
import type { ModelMarket } from "../build/ModelMarket/ModelMarket_ModelMarket";
import { codeReference, contractCodes, type JobCodeForm, newModelMarket } from "./codes";

export { type MarketPrice, ModelMarket } from "../build/ModelMarket/ModelMarket_ModelMarket";

/** What fixes a market's address, beside the code that this build gives to jobs and providers. */
export interface ModelMarketConfig {
  readonly registry: Address;
  readonly modelHash: bigint;
  /** As the network's; "library" unless given. */
  readonly jobCode?: JobCodeForm;
}

/**
 * The market of that model, with the code and data it is deployed with; anyone may deploy it.
 *
 * @example
 * import { Address } from "@ton/core";
 * import { ModelMarket, modelMarket } from "cocoon/contracts";
 *
 * const registry = new Address(0, Buffer.alloc(32, 1));
 * const market = await modelMarket({ registry, modelHash: 0xabcn });
 * console.log(ModelMarket.fromAddress(market.address).address.equals(market.address)); // true
 */
export async function modelMarket(config: ModelMarketConfig): Promise<ModelMarket> {
  const codes = await contractCodes(config.jobCode);
  const job = codeReference(codes.job);
  const provider = codeReference(codes.provider);
  const record = storeMarketRecord({
    $$type: "MarketRecord",
    registry: config.registry,
    modelHash: config.modelHash,
    codes: beginCell()
      .store(
        storeMarketCodes({
          $$type: "MarketCodes",
          jobCodeHash: job.hash,
          jobCodeDepth: job.depth,
          providerCodeHash: provider.hash,
          providerCodeDepth: provider.depth,
        }),
      )
      .endCell(),
  });
  return newModelMarket(beginCell().store(record).endCell());
}
