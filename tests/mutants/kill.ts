import { exitCode } from "../support/expect";
import type { Guard } from "./guards";
import { loadSuite, type Suite } from "./suite";
import { swapCode } from "./swapCode";

export interface SuiteFile {
  readonly name: string;
  readonly file: string;
  readonly text: string;
}
export type Suites = readonly SuiteFile[];

export interface Killer {
  readonly suite: string;
  readonly test: string;
}

interface Target {
  readonly guard: Guard;
  readonly contracts: readonly string[];
  readonly codes: Parameters<typeof swapCode>[0];
}

const loaded = new Map<string, Suite>();
/** What a suite fails at without any mutant: that failure kills nothing. */
const soundness = new Map<string, string | undefined>();

/** The first test that notices, those suites first that name the guard's exit code and its contract. */
export async function killerOf(target: Target, suites: Suites): Promise<Killer | undefined> {
  for (const suite of inOrder(target, suites)) {
    const test = await failureOf(suite, target);
    if (test !== undefined) {
      return { suite: suite.name, test };
    }
  }
  return undefined;
}

async function failureOf(suite: SuiteFile, { codes }: Target): Promise<string | undefined> {
  const failure = await suiteOf(suite).firstFailure();
  if (failure === undefined) {
    return undefined;
  }
  if (!soundness.has(suite.name)) {
    swapCode([]);
    soundness.set(suite.name, (await suiteOf(suite).firstFailure())?.test);
    swapCode(codes);
  }
  return failure.test === soundness.get(suite.name) ? undefined : failure.test;
}

function suiteOf({ name, file }: SuiteFile): Suite {
  const known = loaded.get(name) ?? loadSuite(file);
  loaded.set(name, known);
  return known;
}

function inOrder({ guard, contracts }: Target, suites: Suites): Suites {
  const number = /^\d+$/.test(guard.code) ? guard.code : String(exitCodeOf(guard.code));
  const folders = contracts.map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase());
  const rank = ({ name, text }: SuiteFile) =>
    (text.includes(guard.code) || text.includes(` ${number},`) ? 0 : 4) +
    (folders.some((folder) => name.startsWith(folder)) ? 0 : 2) +
    (text.length > 9_000 ? 1 : 0);
  return [...suites].sort((left, right) => rank(left) - rank(right));
}

function exitCodeOf(name: string): number {
  try {
    return exitCode(name);
  } catch {
    return -1;
  }
}
