import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { answerPortions } from "./answer";
import { Violation } from "./arrival";
import { replayScript } from "./fuzz";
import { useNativeHash } from "./nativeHash";
import { play } from "./play";
import { playPortions, portionsOf, type Total } from "./portions";
import { playInProcesses } from "./processes";
import { sequenceSchema } from "./sequenceSchema";
import { setStage } from "./stage";
import type { Sequence } from "./steps";

const DEFAULT_SEQUENCES = 100_000;
const PROGRESS = 5_000;

/** `npm run fuzz -- [--sequences N] [--seed S] [--jobs N]`, or `--replay FILE`; exit code 1 when a rule was broken. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      sequences: { type: "string" },
      seed: { type: "string" },
      jobs: { type: "string" },
      replay: { type: "string" },
      answer: { type: "boolean" },
    },
  });
  useNativeHash();
  if (values.answer === true) {
    await answerPortions();
    return 0;
  }
  if (values.replay !== undefined) {
    return replay(sequenceSchema.parse(JSON.parse(readFileSync(values.replay, "utf8"))));
  }
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const portions = portionsOf(Number(values.sequences ?? DEFAULT_SEQUENCES), seed);
  const jobs = Math.min(Number(values.jobs ?? availableParallelism()), portions.length);
  const onProgress = progress();
  const total =
    jobs > 1
      ? await playInProcesses(portions, { jobs, onProgress })
      : playPortions(await setStage(), portions, onProgress);
  report(total, seed);
  return Math.min(total.violations.length, 1);
}

function progress(): (total: Total) => void {
  const started = performance.now();
  let told = 0;
  return ({ sequences }) => {
    if (sequences >= told + PROGRESS) {
      told = sequences;
      print(`${sequences} sequences, ${Math.round((performance.now() - started) / 1_000)} s`);
    }
  };
}

function report({ sequences, transactions, carriedOut, violations }: Total, seed: number): void {
  for (const [name, times] of [...carriedOut].sort()) {
    print(`${String(times).padStart(9)} ${name || "deposit"}`);
  }
  for (const { rule, sequence } of violations) {
    print(`\n${rule}\n\n${replayScript(sequence)}\n`);
  }
  print(
    `${sequences} sequences, ${transactions} transactions, seed ${seed}, ${violations.length} violations`,
  );
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
