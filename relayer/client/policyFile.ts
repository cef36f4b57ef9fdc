import { z } from "zod";
import type { TcbPolicy } from "../attestation";
import { FinalError } from "../errors";
import { DEFAULT_AUCTION } from "./auctionPolicy";
import { DEFAULT_WEIGHTS } from "./choiceWeights";
import type { Policy } from "./policy";

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${2 * bytes}}$`), `must be ${bytes} bytes as hex`)
    .transform((text) => text.toLowerCase());

const weight = (usual: number) => z.number().min(0).max(100).default(usual);

const nano = z
  .string()
  .regex(/^\d{1,19}$/, "must be nanoton in decimal digits")
  .transform((text) => BigInt(text));

/** In nanoton per 1,000,000 tokens. */
const ceiling = z
  .strictObject({ prompt: nano, cached: nano, completion: nano, reasoning: nano })
  .transform(({ prompt, cached, completion, reasoning }) => ({
    promptPrice: prompt,
    cachedPrice: cached,
    completionPrice: completion,
    reasoningPrice: reasoning,
  }));

/** What a developer accepts beyond the network's own lists. What is left out narrows nothing. */
const policyFileSchema = z.strictObject({
  /** Image hashes. */
  images: z.array(hex(32)).optional(),
  /** Model hash by name. */
  models: z.record(z.string(), hex(32)).optional(),
  /** Tiers of images, as the network's list names them. */
  tiers: z.array(z.int().min(0).max(255)).optional(),
  tees: z.array(z.enum(["development", "tdx", "sevSnp"])).optional(),
  /** Intel's advisories that are accepted on machines which are not up to date in these alone. */
  advisories: z.array(z.string().regex(/^INTEL-SA-\d{5}$/)).default([]),
  /** Until when out-of-date machines are accepted. */
  outOfDateUntil: z.iso.datetime().optional(),
  /** Intel's evaluation number below which no collateral is believed. */
  minEvaluationNumber: z.int().min(0).default(0),
  /** Names (PPID) of the machines that may be used; left out: a machine may stand anywhere. */
  knownSites: z.array(hex(16)).optional(),
  /** A second provider is asked when a stream has not begun after so many milliseconds; left out: never. */
  hedgeAfterMs: z.int().min(50).max(600_000).optional(),
  /** How each property of a worker counts when there is a choice; what is left out keeps its default. */
  choice: z
    .strictObject({
      price: weight(DEFAULT_WEIGHTS.price),
      load: weight(DEFAULT_WEIGHTS.load),
      firstByte: weight(DEFAULT_WEIGHTS.firstByte),
      throughput: weight(DEFAULT_WEIGHTS.throughput),
      success: weight(DEFAULT_WEIGHTS.success),
      attestation: weight(DEFAULT_WEIGHTS.attestation),
      stickiness: weight(DEFAULT_WEIGHTS.stickiness),
    })
    .optional(),
  /** How long before its end a job in use is followed by a new one; 0 never. */
  followSeconds: z.int().min(0).max(86_400).optional(),
  /** Rules under which no job is opened: claims that nobody co-signed wait less, or the bond is a smaller part of the budget. */
  leastChallengeSeconds: z.int().min(0).max(604_800).optional(),
  leastBondBps: z.int().min(0).max(10_000).optional(),
  /** How jobs are bought: at a provider's offer, or by auction. */
  buy: z.enum(["named", "auction"]).optional(),
  auction: z
    .strictObject({
      seconds: z.int().min(30).max(86_400).default(DEFAULT_AUCTION.seconds),
      /** By model name. */
      ceilings: z.record(z.string(), ceiling).default({}),
      ifNobodyBids: z.enum(["named", "fail"]).default(DEFAULT_AUCTION.ifNobodyBids),
      againSeconds: z.int().min(60).default(DEFAULT_AUCTION.againSeconds),
    })
    .optional(),
});

export interface DeveloperPolicy {
  readonly client: Partial<
    Pick<
      Policy,
      | "images"
      | "models"
      | "tees"
      | "tiers"
      | "choice"
      | "hedgeAfterMs"
      | "followSeconds"
      | "leastChallengeSeconds"
      | "leastBondBps"
      | "buy"
      | "auction"
    >
  >;
  readonly tcb: TcbPolicy;
  readonly minEvaluationNumber: number;
  readonly knownSites: readonly string[] | undefined;
}

export const EMPTY_POLICY: DeveloperPolicy = parsePolicyFile("{}");

/**
 * Reads a policy file's text. Throws `CONFIG_INVALID` naming what is wrong; an unknown field is wrong too.
 *
 * @example
 * import { parsePolicyFile } from "cocoon/client";
 *
 * const { client } = parsePolicyFile('{ "tees": ["tdx"], "tiers": [2] }');
 * console.log(JSON.stringify(client)); // {"tees":["tdx"],"tiers":[2]}
 */
export function parsePolicyFile(text: string): DeveloperPolicy {
  const parsed = policyFileSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new FinalError("CONFIG_INVALID", `The policy file is not valid: ${z.prettifyError(parsed.error)}`);
  }
  const { images, models, tees, tiers, choice, hedgeAfterMs, followSeconds, buy, auction } = parsed.data;
  const { leastChallengeSeconds, leastBondBps } = parsed.data;
  const { advisories, outOfDateUntil, minEvaluationNumber, knownSites } = parsed.data;
  return {
    client: {
      ...(images === undefined ? {} : { images }),
      ...(models === undefined ? {} : { models }),
      ...(tees === undefined ? {} : { tees }),
      ...(tiers === undefined ? {} : { tiers }),
      ...(choice === undefined ? {} : { choice }),
      ...(buy === undefined ? {} : { buy }),
      ...(auction === undefined ? {} : { auction }),
      ...(hedgeAfterMs === undefined ? {} : { hedgeAfterMs }),
      ...(followSeconds === undefined ? {} : { followSeconds }),
      ...(leastChallengeSeconds === undefined ? {} : { leastChallengeSeconds }),
      ...(leastBondBps === undefined ? {} : { leastBondBps }),
    },
    tcb: {
      advisories,
      outOfDateUntil: outOfDateUntil === undefined ? undefined : Date.parse(outOfDateUntil) / 1000,
    },
    minEvaluationNumber,
    knownSites,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
