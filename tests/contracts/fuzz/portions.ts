import { type FuzzRun, fuzz } from "./fuzz";
import type { Stage } from "./stage";
import type { Sequence } from "./steps";

/** Sequences of one seed, which are played one after another. */
export interface Portion {
  readonly seed: number;
  readonly sequences: number;
}

export interface Violated {
  readonly sequence: Sequence;
  readonly rule: string;
}

/** What all portions together came to. */
export interface Total {
  sequences: number;
  transactions: number;
  readonly carriedOut: Map<string, number>;
  readonly violations: Violated[];
}

const MOST = 250;
/** Odd, and far from every small number, so that neighbouring seeds share no portion. */
const STRIDE = 0x9e3779b1;

/** The same for a seed, however many processes share them. */
export function portionsOf(sequences: number, seed: number): Portion[] {
  return Array.from({ length: Math.ceil(sequences / MOST) }, (_, index) => ({
    seed: (seed + Math.imul(index, STRIDE)) | 0,
    sequences: Math.min(MOST, sequences - index * MOST),
  }));
}

export const nothingYet = (): Total => ({
  sequences: 0,
  transactions: 0,
  carriedOut: new Map(),
  violations: [],
});

export function add(total: Total, { sequences, transactions, carriedOut, violation }: FuzzRun): void {
  total.sequences += sequences;
  total.transactions += transactions;
  for (const [name, times] of carriedOut) {
    total.carriedOut.set(name, (total.carriedOut.get(name) ?? 0) + times);
  }
  if (violation !== undefined) {
    total.violations.push(violation);
  }
}

/** Plays them here, up to the first that breaks a rule. */
export function playPortions(
  stage: Stage,
  portions: readonly Portion[],
  onProgress: (total: Total) => void,
): Total {
  const total = nothingYet();
  for (const portion of portions) {
    add(total, fuzz(stage, portion));
    onProgress(total);
    if (total.violations.length > 0) {
      break;
    }
  }
  return total;
}
