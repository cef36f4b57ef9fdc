import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { GetMethodError, SmartContract } from "@ton/sandbox";
import { z } from "zod";
import type { Guard } from "./guards";
import { loadSuite, type Suite } from "./suite";
import { swapCode } from "./swapCode";
import type { Built } from "./taggedBuild";

export interface SuiteFile {
  readonly name: string;
  readonly file: string;
  readonly text: string;
}
export type Suites = readonly SuiteFile[];

const coverageSchema = z.strictObject({
  digest: z.string(),
  /** Tests in which a guard threw, by its tag; the quickest first. */
  throws: z.record(z.string(), z.array(z.strictObject({ suite: z.string(), test: z.string() }))),
});
export type Coverage = z.infer<typeof coverageSchema>["throws"];

interface Watched {
  readonly guards: readonly Guard[];
  readonly builds: readonly Built[];
  readonly suites: Suites;
  readonly cache: string;
}

const loaded = new Map<string, Suite>();

export function suiteOf({ name, file }: SuiteFile): Suite {
  const known = loaded.get(name) ?? loadSuite(file);
  loaded.set(name, known);
  return known;
}

/**
 * Runs every test once on the tagged build, and notes which guards throw in it. A guard that is removed makes a
 * difference in these tests and in no others.
 */
export async function coverageOf({ guards, builds, suites, cache }: Watched): Promise<Coverage> {
  const digest = digestOf(builds, suites);
  if (existsSync(cache)) {
    const known = coverageSchema.parse(JSON.parse(readFileSync(cache, "utf8")));
    if (known.digest === digest) {
      return known.throws;
    }
  }
  const seen = new Map<number, { suite: string; test: string; ms: number }[]>();
  let now = { suite: "", test: "", tags: new Set<number>(), since: 0 };
  const close = () => {
    const ms = performance.now() - now.since;
    for (const tag of now.tags) {
      seen.set(tag, [...(seen.get(tag) ?? []), { suite: now.suite, test: now.test, ms }]);
    }
  };
  const codes = new Map(guards.map(({ tag, number }) => [tag, number]));
  const unwatch = watchThrows(codes, (tag) => now.tags.add(tag));
  swapCode(builds.map(({ original, tagged }) => ({ from: original, to: tagged })));
  for (const suite of suites) {
    await suiteOf(suite).runEvery((test) => {
      close();
      now = { suite: suite.name, test, tags: new Set(), since: performance.now() };
    });
  }
  close();
  swapCode([]);
  unwatch();
  const throws: Coverage = {};
  for (const [tag, tests] of seen) {
    tests.sort((left, right) => left.ms - right.ms);
    throws[tag] = tests.map(({ suite, test }) => ({ suite, test }));
  }
  writeFileSync(cache, JSON.stringify({ digest, throws }));
  return throws;
}

/** Tells of every tag that ends a transaction or a getter, and gives the tests the guard's own number for it. */
function watchThrows(numbers: ReadonlyMap<number, number>, thrown: (tag: number) => void): () => void {
  const told = (code: number) => {
    const number = numbers.get(code);
    if (number !== undefined) {
      thrown(code);
    }
    return number ?? code;
  };
  const prototype: Patched = SmartContract.prototype as unknown as Patched;
  const { runCommon, get } = prototype;
  prototype.runCommon = async function (...args) {
    const transaction = await runCommon.apply(this, args);
    const phase = transaction.description.computePhase;
    if (phase?.exitCode !== undefined) {
      phase.exitCode = told(phase.exitCode);
    }
    return transaction;
  };
  prototype.get = async function (...args) {
    try {
      return await get.apply(this, args);
    } catch (error) {
      if (error instanceof GetMethodError) {
        error.exitCode = told(error.exitCode);
      }
      throw error;
    }
  };
  return () => Object.assign(prototype, { runCommon, get });
}

interface Patched {
  runCommon(
    ...args: unknown[]
  ): Promise<{ readonly description: { readonly computePhase?: { exitCode?: number } } }>;
  get(...args: unknown[]): Promise<unknown>;
}

function digestOf(builds: readonly Built[], suites: Suites): string {
  const hash = createHash("sha256");
  for (const { original, tagged } of builds) {
    hash.update(original.hash()).update(tagged.hash());
  }
  for (const { name, text } of suites) {
    hash.update(name).update(text);
  }
  return hash.digest("hex");
}
