import { type Coverage, type Suites, suiteOf } from "./coverage";
import type { Mutant } from "./mutant";
import { swapCode } from "./swapCode";

export interface Killer {
  readonly suite: string;
  readonly test: string;
}

/** What fails without any mutant kills nothing. */
const sound = new Map<string, boolean>();

/**
 * The first test that notices. Those come first in which the guard throws; where it is removed there are no others, since
 * elsewhere nothing changes but the gas.
 */
export async function killerOf(
  mutant: Mutant,
  { suites, coverage }: { suites: Suites; coverage: Coverage },
): Promise<Killer | undefined> {
  swapCode(mutant.codes);
  try {
    for (const { suite: name, test } of coverage[mutant.guard.tag] ?? []) {
      const suite = suites.find((one) => one.name === name);
      if (suite !== undefined && (await isKilledBy(mutant, suite, test))) {
        return { suite: name, test };
      }
    }
    return mutant.kind === "removed" ? undefined : await killerAmongAll(mutant, suites);
  } finally {
    swapCode([]);
  }
}

async function killerAmongAll(mutant: Mutant, suites: Suites): Promise<Killer | undefined> {
  for (const suite of inOrder(mutant, suites)) {
    const test = await suiteOf(suite).firstFailure();
    if (test !== undefined && (await isKilledBy(mutant, suite, test))) {
      return { suite: suite.name, test };
    }
  }
  return undefined;
}

async function isKilledBy({ codes }: Mutant, suite: Suites[number], test: string): Promise<boolean> {
  const only = new Set([test]);
  if ((await suiteOf(suite).firstFailure(only)) === undefined) {
    return false;
  }
  const key = `${suite.name} ${test}`;
  if (!sound.has(key)) {
    swapCode([]);
    sound.set(key, (await suiteOf(suite).firstFailure(only)) === undefined);
    swapCode(codes);
  }
  return sound.get(key) === true;
}

/** Suites that name the guard's exit code first, then those of its contract, then the short ones. */
function inOrder({ guard, contracts }: Mutant, suites: Suites): Suites {
  const folders = contracts.map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase());
  const rank = ({ name, text }: Suites[number]) =>
    (text.includes(guard.code) ? 0 : 4) +
    (folders.some((folder) => name.startsWith(folder)) ? 0 : 2) +
    (text.length > 9_000 ? 1 : 0);
  return [...suites].sort((left, right) => rank(left) - rank(right));
}
