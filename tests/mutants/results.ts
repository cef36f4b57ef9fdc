import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";

const resultSchema = z.strictObject({
  mutant: z.string(),
  contracts: z.array(z.string()),
  killed: z.boolean(),
  /** Who killed it. */
  suite: z.string().optional(),
  test: z.string().optional(),
  /** Why nobody can, or what is missing. */
  reason: z.string().optional(),
  date: z.iso.datetime(),
});

export type Result = z.infer<typeof resultSchema>;

export function readResults(file: string): Result[] {
  return existsSync(file) ? z.array(resultSchema).parse(JSON.parse(readFileSync(file, "utf8"))) : [];
}

export function saveResults(file: string, results: readonly Result[]): void {
  const sorted = [...results].sort((left, right) => (left.mutant < right.mutant ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** The last line: how many of how many, and in front of it every survivor. */
export function summaryOf(results: readonly Result[]): string {
  const survivors = results.filter(({ killed }) => !killed);
  const killed = results.length - survivors.length;
  const ratio = results.length === 0 ? 0 : killed / results.length;
  return [
    ...survivors.map(
      ({ mutant, reason }) => `survived: ${mutant}${reason === undefined ? "" : ` (${reason})`}`,
    ),
    `${results.length} mutants, ${killed} killed, ${(100 * ratio).toFixed(1)} %`,
  ].join("\n");
}
