import { FinalError } from "../../errors";

/** Memory bandwidth of one card in bytes a second, from its maker's data sheet. */
const BANDWIDTH: Readonly<Record<string, number>> = {
  a100: 2.04e12,
  b200: 8e12,
  h100: 3.35e12,
  h200: 4.8e12,
  l40s: 0.86e12,
  rtx4090: 1.01e12,
  rtx5090: 1.79e12,
};
/** What servers reach of it while they write tokens; the rest goes to the cache of the texts, and to waiting. */
const REACHED = 0.5;

export interface Hardware {
  readonly gpu: string;
  /** Cards that share one model. */
  readonly gpus: number;
  /** Parameters that each token passes, in billions: the active ones of a mixture of experts. */
  readonly params: number;
  /** Bits of each parameter. */
  readonly bits: number;
  /** Requests that are answered at once. */
  readonly batch: number;
}

/**
 * Tokens a second, all requests together, by one rule: for each step the weights are read once, and each request gets a
 * token. An estimate to begin with; it knows no prompt processing and no long texts. Measure.
 */
export function estimateTokensPerSecond({ gpu, gpus, params, bits, batch }: Hardware): number {
  const bandwidth = BANDWIDTH[gpu];
  if (bandwidth === undefined) {
    throw new FinalError("BAD_REQUEST", `--gpu knows ${Object.keys(BANDWIDTH).join(", ")}.`);
  }
  const weightBytes = params * 1e9 * (bits / 8);
  return Math.round((bandwidth * gpus * REACHED * batch) / weightBytes);
}
