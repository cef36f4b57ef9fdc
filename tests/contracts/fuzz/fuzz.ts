import * as fc from "fast-check";
import { play } from "./play";
import type { Stage } from "./stage";
import { type Sequence, sequences } from "./steps";

export interface FuzzRun {
  readonly sequences: number;
  readonly transactions: number;
  /** How often each message was carried out, by name. */
  readonly carriedOut: ReadonlyMap<string, number>;
  /** The shortest sequence that breaks a rule, and the rule. */
  readonly violation?: { readonly sequence: Sequence; readonly rule: string };
}

/** Plays that many random sequences over all contracts together, up to the first that breaks a rule. */
export function fuzz(
  stage: Stage,
  options: {
    readonly sequences: number;
    readonly seed: number;
    readonly onProgress?: (played: number) => void;
  },
): FuzzRun {
  const carriedOut = new Map<string, number>();
  let played = 0;
  let transactions = 0;
  const holds = fc.property(sequences, (sequence) => {
    const one = play(stage, sequence);
    played += 1;
    transactions += one.transactions;
    for (const [name, times] of one.carriedOut) {
      carriedOut.set(name, (carriedOut.get(name) ?? 0) + times);
    }
    options.onProgress?.(played);
  });
  const report = fc.check(holds, { numRuns: options.sequences, seed: options.seed });
  const ran = { sequences: report.failed ? report.numRuns : played, transactions, carriedOut };
  const shortest = report.counterexample?.[0];
  if (shortest === undefined) {
    return ran;
  }
  const { errorInstance } = report;
  const rule = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { ...ran, violation: { sequence: shortest, rule } };
}

/** A counterexample as a shell script that plays it again, told step by step. */
export function replayScript(sequence: Sequence): string {
  return [
    "cat > counterexample.json <<'END'",
    JSON.stringify(sequence, null, 1),
    "END",
    "npm run fuzz -- --replay counterexample.json",
  ].join("\n");
}
