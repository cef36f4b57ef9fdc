import { z } from "zod";
import type { TcbPolicy } from "../attestation";
import { FinalError } from "../errors";
import { DEFAULT_WEIGHTS } from "./choiceWeights";
import type { Policy } from "./policy";

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${2 * bytes}}$`), `must be ${bytes} bytes as hex`)
    .transform((text) => text.toLowerCase());

const weight = (usual: number) => z.number().min(0).max(100).default(usual);

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
});

export interface DeveloperPolicy {
  readonly client: Partial<Pick<Policy, "images" | "models" | "tees" | "tiers" | "choice">>;
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
  const { images, models, tees, tiers, advisories, outOfDateUntil, minEvaluationNumber, knownSites, choice } =
    parsed.data;
  return {
    client: {
      ...(images === undefined ? {} : { images }),
      ...(models === undefined ? {} : { models }),
      ...(tees === undefined ? {} : { tees }),
      ...(tiers === undefined ? {} : { tiers }),
      ...(choice === undefined ? {} : { choice }),
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
