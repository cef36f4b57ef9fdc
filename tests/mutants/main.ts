import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../../bench/machine";
import { saveRows, toRow } from "../../bench/rows";
import { coverageOf, type Suites } from "./coverage";
import { tagGuards } from "./guards";
import { killerOf } from "./kill";
import { type Mutant, mutantsOf } from "./mutant";
import { checkAligned } from "./mutate";
import { ratioOf, readReasons, readResults, resultOf, saveResults, summaryOf } from "./results";
import { installGlobals } from "./suite";
import { makeSwappable } from "./swapCode";
import { taggedBuild } from "./taggedBuild";

const ROOT = resolve(__dirname, "..", "..");
const STATE = join(ROOT, ".cocoon");
/** Gas is measured there to the unit, which every mutant changes: that would kill all, and prove nothing. */
const NOT_BEHAVIOUR = ["gas.spec.ts", "job-story.spec.ts"];

/**
 * `npm run mutants -- [--sample N] [--seed S] [--only TEXT]`: goes on where it was stopped. A run of all mutants puts its
 * row into `bench/results.json`.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { sample: { type: "string" }, seed: { type: "string" }, only: { type: "string" } },
  });
  mkdirSync(STATE, { recursive: true });
  const { guards, sources } = tagGuards(ROOT);
  const builds = taggedBuild(ROOT, sources);
  const tags = new Set(guards.map(({ tag }) => tag));
  for (const { original, tagged } of builds) {
    checkAligned(original, tagged, tags);
  }
  makeSwappable();
  installGlobals();
  const suites = suitesOf();
  const coverage = await coverageOf({ guards, builds, suites, cache: join(STATE, "mutants-coverage.json") });
  const all = mutantsOf(guards, builds);
  const chosen = sampled(all, {
    count: values.sample === undefined ? undefined : Number(values.sample),
    seed: Number(values.seed ?? 1),
    only: values.only,
  });
  const file = join(STATE, "mutants.json");
  // What was killed stays killed while its code is the same; a survivor is tried again, as tests may have been added.
  const known = new Map(readResults(file).map((result) => [result.mutant, result]));
  for (const mutant of chosen) {
    const before = known.get(mutant.name);
    if (before?.of === mutant.of && before.killed) {
      continue;
    }
    const started = performance.now();
    const killer = await killerOf(mutant, { suites, coverage });
    known.set(mutant.name, resultOf(mutant, killer));
    saveResults(file, [...known.values()]);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    print(
      `${killer === undefined ? "SURVIVED" : "killed"} ${mutant.name} (${seconds} s) ${killer?.suite ?? ""}`,
    );
  }
  const results = chosen.flatMap(({ name }) => known.get(name) ?? []);
  print(summaryOf(results, readReasons(join(__dirname, "survivors.json"))));
  if (chosen.length === all.length) {
    const measured = { name: "mutants.killed.ratio", value: ratioOf(results), unit: "" };
    const stamp = {
      command: "npm run mutants",
      date: new Date().toISOString(),
      machine: describeMachine(),
    };
    saveRows(join(ROOT, "bench", "results.json"), [toRow(measured, stamp)]);
  }
}

function sampled(
  mutants: readonly Mutant[],
  { count, seed, only }: { count: number | undefined; seed: number; only: string | undefined },
): readonly Mutant[] {
  const wanted = only === undefined ? mutants : mutants.filter(({ name }) => name.includes(only));
  if (count === undefined) {
    return wanted;
  }
  // Every number once, in an order that the seed decides.
  const keyed = wanted.map((mutant, index) => ({
    mutant,
    key: Math.imul(index * 2_654_435_761 + seed, 40_503) >>> 0,
  }));
  keyed.sort((left, right) => left.key - right.key);
  return keyed.slice(0, count).map(({ mutant }) => mutant);
}

function suitesOf(): Suites {
  const dir = join(ROOT, "tests", "contracts");
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".spec.ts") && !name.startsWith("fuzz/") && !name.startsWith("p256/"))
    .filter((name) => !NOT_BEHAVIOUR.some((end) => name.endsWith(end)))
    .sort()
    .map((name) => ({ name, file: join(dir, name), text: readFileSync(join(dir, name), "utf8") }));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  () => process.exit(0),
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
    process.exit(1);
  },
);
