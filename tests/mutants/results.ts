import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Killer } from "./kill";
import type { Mutant } from "./mutant";

const resultSchema = z.strictObject({
  mutant: z.string(),
  of: z.string(),
  killed: z.boolean(),
  /** Who killed it. */
  suite: z.string().optional(),
  test: z.string().optional(),
});
export type Result = z.infer<typeof resultSchema>;

export function readResults(file: string): Result[] {
  return existsSync(file) ? z.array(resultSchema).parse(JSON.parse(readFileSync(file, "utf8"))) : [];
}

export function saveResults(file: string, results: readonly Result[]): void {
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}

export function resultOf({ name, of }: Mutant, killer: Killer | undefined): Result {
  return { mutant: name, of, killed: killer !== undefined, ...killer };
}

/** Why nobody can kill a mutant, by its name: kept by hand in `survivors.json`. */
export type Reasons = Readonly<Record<string, string>>;

export function readReasons(file: string): Reasons {
  return z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Every survivor with its reason, and in the last line how many of how many were killed. */
export function summaryOf(results: readonly Result[], reasons: Reasons): string {
  const survivors = results.filter(({ killed }) => !killed);
  const killed = results.length - survivors.length;
  return [
    ...survivors.map(({ mutant }) => `survived: ${mutant}\n    ${reasons[mutant] ?? "NO REASON GIVEN"}`),
    `${results.length} mutants, ${killed} killed, ${(100 * ratioOf(results)).toFixed(1)} %`,
  ].join("\n");
}

export function ratioOf(results: readonly Result[]): number {
  return results.length === 0 ? 0 : results.filter(({ killed }) => killed).length / results.length;
}
