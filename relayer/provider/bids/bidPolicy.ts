import { z } from "zod";
import { FinalError } from "../../errors";
import type { Prices } from "../../protocol";

const nano = z
  .string()
  .regex(/^\d{1,19}$/, "must be nanoton in decimal digits")
  .transform((text) => BigInt(text));
const bps = z.int().min(0).max(1_000_000);
const modelHash = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, "must be a model hash: 64 hex digits")
  .transform((text) => text.toLowerCase());

/** What an operator writes down. Prices in nanoton per 1,000,000 tokens; parts in hundredths of a percent. */
const policySchema = z.strictObject({
  models: z.record(
    modelHash,
    z.strictObject({
      /** Nothing is ever bid below these. */
      floor: z.strictObject({ prompt: nano, cached: nano, completion: nano, reasoning: nano }),
      /** Above the floor, always. */
      marginBps: bps.default(0),
    }),
  ),
  /** Above the floor, when every place of the model's workers is taken; in proportion below. */
  loadMarginBps: bps.default(5_000),
  /** Nothing is bid while more than this part of the places is taken. */
  maxLoadBps: bps.default(8_000),
  /** Where bidding begins, of the ceiling, unless the floor is higher. */
  openBps: z.int().min(1).max(10_000).default(9_500),
  /** By how much a better bid is undercut, of the ceiling. */
  stepBps: z.int().min(1).max(10_000).default(200),
  minBudgetNano: nano.default(100_000_000n),
  maxBudgetNano: nano.default(20_000_000_000n),
  /** Auctions in which a bid of ours may stand at once: each locks a bond. */
  maxOpenBids: z.int().min(1).max(10_000).default(8),
});

export interface BidPolicy extends Omit<z.infer<typeof policySchema>, "models"> {
  readonly models: ReadonlyMap<string, { readonly floor: Prices; readonly marginBps: number }>;
}

/** Reads a bid policy's text. Throws `CONFIG_INVALID` naming what is wrong; an unknown field is wrong too. */
export function parseBidPolicy(text: string): BidPolicy {
  const parsed = policySchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new FinalError("CONFIG_INVALID", `The bid policy is not valid: ${z.prettifyError(parsed.error)}`);
  }
  const { models, ...rest } = parsed.data;
  return {
    ...rest,
    models: new Map(
      Object.entries(models).map(([hash, { floor, marginBps }]) => [
        hash,
        {
          marginBps,
          floor: {
            promptPrice: floor.prompt,
            cachedPrice: floor.cached,
            completionPrice: floor.completion,
            reasoningPrice: floor.reasoning,
          },
        },
      ]),
    ),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
