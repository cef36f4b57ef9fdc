import type { Address } from "@ton/core";
import { loadProviderCatalog } from "../../../wrappers/messages";
import type { ProviderView } from "./views";

/** What a provider's catalog says to whom its jobs are bonded. */
export function catalogOf({ record }: ProviderView): {
  readonly operator: Address | undefined;
  readonly maxOpenJobs: number;
  readonly hasOffers: boolean;
} {
  if (record.catalog === null) {
    return { operator: undefined, maxOpenJobs: 0, hasOffers: false };
  }
  const { operator, maxOpenJobs, offers } = loadProviderCatalog(record.catalog.beginParse());
  return { operator, maxOpenJobs: Number(maxOpenJobs), hasOffers: offers.size > 0 };
}
