import { readFileSync } from "node:fs";
import { Address, beginCell, type Cell, Dictionary } from "@ton/core";
import {
  type Offer,
  storeProviderCatalog,
  storeProviderProfile,
} from "../build/JobEscrow/JobEscrow_JobEscrow";

/** A provider's price list and hardware, as its owner writes it down. Prices in nanoton per million tokens. */
export interface CatalogFile {
  readonly operator: string;
  readonly maxOpenJobs: number;
  readonly endpoint: string;
  readonly region: string;
  readonly gpuModel: string;
  readonly gpuCount: number;
  readonly vramGb: number;
  /** 168 characters of 0 and 1, an hour each from Monday 00:00 UTC; absent means always. */
  readonly availability?: string;
  readonly offers: readonly {
    readonly model: string;
    readonly prompt: string;
    readonly cached: string;
    readonly completion: string;
    readonly reasoning: string;
    readonly contextLength: number;
    readonly concurrency: number;
  }[];
}

const HOURS_A_WEEK = 168;

export function readCatalogFile(file: string): CatalogFile {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Offers by model hash. */
export function catalogOffers(file: CatalogFile): Dictionary<bigint, Offer> {
  const offers: Dictionary<bigint, Offer> = Dictionary.empty();
  for (const offer of file.offers) {
    offers.set(BigInt(`0x${offer.model}`), {
      $$type: "Offer",
      prices: {
        $$type: "Prices",
        prompt: BigInt(offer.prompt),
        cached: BigInt(offer.cached),
        completion: BigInt(offer.completion),
        reasoning: BigInt(offer.reasoning),
      },
      contextLength: BigInt(offer.contextLength),
      concurrency: BigInt(offer.concurrency),
    });
  }
  return offers;
}

/** The ProviderProfile cell. */
export function catalogProfile(file: CatalogFile): Cell {
  const availability = file.availability ?? "1".repeat(HOURS_A_WEEK);
  if (availability.length !== HOURS_A_WEEK || !/^[01]+$/.test(availability)) {
    throw new Error(
      `availability must be ${HOURS_A_WEEK} characters of 0 and 1, one for each hour of the week.`,
    );
  }
  return beginCell()
    .store(
      storeProviderProfile({
        $$type: "ProviderProfile",
        gpuCount: BigInt(file.gpuCount),
        vramGb: BigInt(file.vramGb),
        availability: BigInt(`0b${availability}`),
        gpuModel: file.gpuModel,
        region: file.region,
        endpoint: file.endpoint,
      }),
    )
    .endCell();
}

/** The ProviderCatalog cell that a registration carries. */
export function catalogCell(file: CatalogFile): Cell {
  return beginCell()
    .store(
      storeProviderCatalog({
        $$type: "ProviderCatalog",
        operator: Address.parse(file.operator),
        maxOpenJobs: BigInt(file.maxOpenJobs),
        offers: catalogOffers(file),
        profile: catalogProfile(file),
      }),
    )
    .endCell();
}
