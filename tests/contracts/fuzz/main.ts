import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { Violation } from "./arrival";
import { fuzz, replayScript } from "./fuzz";
import { useNativeHash } from "./nativeHash";
import { play } from "./play";
import { setStage } from "./stage";
import { ACTORS, OPENINGS, type Sequence, STRATEGIES } from "./steps";

const DEFAULT_SEQUENCES = 100_000;
const PROGRESS = 5_000;

const strategy = z.enum(STRATEGIES);
const number = z.int().nonnegative();
const sequenceSchema = z.strictObject({
  opening: z.enum(OPENINGS),
  strategies: z.strictObject({
    developers: z.tuple([strategy, strategy]),
    providers: z.tuple([strategy, strategy]),
  }),
  steps: z.array(
    z.strictObject({
      actor: z.enum(ACTORS),
      act: number,
      job: number,
      amount: number,
      detail: number,
      sender: number,
      value: number,
      arrivals: number,
      choice: number,
    }),
  ),
  unstakes: z.boolean(),
});

/** `npm run fuzz -- [--sequences N] [--seed S]`, or `--replay FILE`; exit code 1 when a rule was broken. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { sequences: { type: "string" }, seed: { type: "string" }, replay: { type: "string" } },
  });
  useNativeHash();
  if (values.replay !== undefined) {
    return replay(sequenceSchema.parse(JSON.parse(readFileSync(values.replay, "utf8"))));
  }
  const count = Number(values.sequences ?? DEFAULT_SEQUENCES);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const started = performance.now();
  const { sequences, transactions, carriedOut, violation } = await fuzz({
    sequences: count,
    seed,
    onProgress: (played) => {
      if (played % PROGRESS === 0) {
        print(`${played} sequences, ${Math.round((performance.now() - started) / 1_000)} s`);
      }
    },
  });
  for (const [name, times] of [...carriedOut].sort()) {
    print(`${String(times).padStart(9)} ${name || "deposit"}`);
  }
  if (violation !== undefined) {
    print(`\n${violation.rule}\n\n${replayScript(violation.sequence)}\n`);
  }
  const violations = violation === undefined ? 0 : 1;
  print(`${sequences} sequences, ${transactions} transactions, seed ${seed}, ${violations} violations`);
  return violations;
}

async function replay(sequence: Sequence): Promise<number> {
  const stage = await setStage();
  try {
    const { transactions } = play(stage, sequence, print);
    print(`1 sequence, ${transactions} transactions, 0 violations`);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof Violation)) {
      throw thrown;
    }
    print(`${thrown.message}\n1 sequence, 1 violation`);
    return 1;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
    process.exit(2);
  },
);
