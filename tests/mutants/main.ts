import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Guard, tagGuards } from "./guards";
import { type Killer, killerOf, type Suites } from "./kill";
import { checkAligned, type Mutation, mutate } from "./mutate";
import { type Result, readResults, saveResults, summaryOf } from "./results";
import { installGlobals } from "./suite";
import { makeSwappable, swapCode } from "./swapCode";
import { type Built, taggedBuild } from "./taggedBuild";

const ROOT = resolve(__dirname, "..", "..");
const RESULTS = join(ROOT, ".cocoon", "mutants.json");
/** Gas is measured there to the unit, which every mutant changes: that would kill all, and prove nothing. */
const NOT_BEHAVIOUR = ["gas.spec.ts", "job-story.spec.ts"];

/** `npm run mutants -- [--sample N] [--seed S] [--only TEXT]`: goes on where it was stopped. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { sample: { type: "string" }, seed: { type: "string" }, only: { type: "string" } },
  });
  const { guards, sources } = tagGuards(ROOT);
  const builds = taggedBuild(ROOT, sources);
  const tags = new Set(guards.map(({ tag }) => tag));
  for (const { original, tagged } of builds) {
    checkAligned(original, tagged, tags);
  }
  makeSwappable();
  installGlobals();
  const chosen = sampled(mutantsOf(guards, builds), {
    count: values.sample === undefined ? undefined : Number(values.sample),
    seed: Number(values.seed ?? 1),
    only: values.only,
  });
  const suites = suitesOf();
  const results = readResults(RESULTS);
  for (const mutant of chosen) {
    if (results.some((known) => known.mutant === mutant.name)) {
      continue;
    }
    const started = performance.now();
    swapCode(mutant.codes);
    const killer = await killerOf(mutant, suites);
    swapCode([]);
    const result = resultOf(mutant, killer);
    results.push(result);
    saveResults(RESULTS, results);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    print(
      `${killer === undefined ? "SURVIVED" : "killed"} ${mutant.name} (${seconds} s) ${killer?.suite ?? ""}`,
    );
  }
  print(summaryOf(results));
}

export interface Mutant {
  readonly name: string;
  readonly guard: Guard;
  readonly kind: Mutation;
  readonly contracts: readonly string[];
  readonly codes: readonly { readonly from: Built["original"]; readonly to: Built["original"] }[];
}

function mutantsOf(guards: readonly Guard[], builds: readonly Built[]): Mutant[] {
  return guards.flatMap((guard) =>
    (["removed", "inverted"] as const).flatMap((kind) => {
      const changed = builds.flatMap(({ contract, original, tagged }) => {
        const to = mutate(original, tagged, { tag: guard.tag, kind });
        return to === undefined ? [] : [{ contract, from: original, to }];
      });
      const name = `${kind} ${guard.file}:${guard.line} ${guard.within}: ${guard.text}`;
      // A guard of an example, or of a helper that no contract uses, has no code to change.
      return changed.length === 0
        ? []
        : [{ name, guard, kind, contracts: changed.map(({ contract }) => contract), codes: changed }];
    }),
  );
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

function resultOf({ name, contracts }: Mutant, killer: Killer | undefined): Result {
  const base = { mutant: name, contracts: [...contracts], date: new Date().toISOString() };
  return killer === undefined
    ? { ...base, killed: false }
    : { ...base, killed: true, suite: killer.suite, test: killer.test };
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
