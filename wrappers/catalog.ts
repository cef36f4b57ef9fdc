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

/** Reads a catalog as people write it. Throws a sentence that names what is wrong. */
export function readCatalogFile(file: string): CatalogFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`${file} cannot be read.`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON.`, { cause });
  }
  if (isCatalogFile(json)) {
    return json;
  }
  throw new Error(`${file} is no catalog: ${faultOf(json)} is missing or not valid.`);
}

const isText = (value: unknown) => typeof value === "string";
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 0;
const isPrice = (value: unknown) => isCount(value) || (isText(value) && /^\d{1,19}$/.test(String(value)));
const isHash = (value: unknown) => isText(value) && /^[0-9a-f]{64}$/i.test(String(value));
const isAddress = (value: unknown) => isText(value) && isParsed(String(value));

const FIELDS = {
  operator: isAddress,
  maxOpenJobs: isCount,
  endpoint: isText,
  region: isText,
  gpuModel: isText,
  gpuCount: isCount,
  vramGb: isCount,
  offers: Array.isArray,
} as const;
const OFFER_FIELDS = {
  model: isHash,
  prompt: isPrice,
  cached: isPrice,
  completion: isPrice,
  reasoning: isPrice,
  contextLength: isCount,
  concurrency: isCount,
} as const;

function isCatalogFile(value: unknown): value is CatalogFile {
  return faultOf(value) === undefined;
}

/** The first field at fault, by its path. */
function faultOf(value: unknown): string | undefined {
  const own = faultyField(value, FIELDS);
  if (own !== undefined) {
    return own;
  }
  const { offers } = value as { readonly offers: readonly unknown[] };
  for (const [place, offer] of offers.entries()) {
    const fault = faultyField(offer, OFFER_FIELDS);
    if (fault !== undefined) {
      return `offers.${place}.${fault}`;
    }
  }
  return undefined;
}

function faultyField(
  value: unknown,
  fields: Readonly<Record<string, (field: unknown) => boolean>>,
): string | undefined {
  const given = typeof value === "object" && value !== null ? new Map(Object.entries(value)) : new Map();
  return Object.keys(fields).find((name) => fields[name]?.(given.get(name)) !== true);
}

function isParsed(address: string): boolean {
  try {
    Address.parse(address);
    return true;
  } catch {
    return false;
  }
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
