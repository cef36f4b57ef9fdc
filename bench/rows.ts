import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Measured } from "./benchmark";
import { rounded } from "./stats";
import { isMet, TARGETS } from "./targets";

const rowSchema = z.strictObject({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  target: z.number().nullable(),
  met: z.boolean().nullable(),
  rival: z.string().nullable(),
  command: z.string(),
  date: z.iso.datetime(),
  machine: z.string(),
});

export type Row = z.infer<typeof rowSchema>;

export function toRow(
  measured: Measured,
  stamp: { readonly command: string; readonly date: string; readonly machine: string },
): Row {
  const target = TARGETS[measured.name];
  const value = rounded(measured.value);
  return {
    name: measured.name,
    value,
    unit: measured.unit,
    target: target?.limit ?? null,
    met: target === undefined ? null : isMet(target, value),
    rival: target?.rival ?? null,
    ...stamp,
  };
}

/** Puts rows into the file; one of the same name replaces the old one, all others stay. */
export function saveRows(file: string, rows: readonly Row[]): void {
  const old = existsSync(file) ? z.array(rowSchema).parse(JSON.parse(readFileSync(file, "utf8"))) : [];
  const fresh = new Set(rows.map(({ name }) => name));
  const all = [...old.filter(({ name }) => !fresh.has(name)), ...rows];
  all.sort((left, right) => (left.name < right.name ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
}

/** A table of at most 100 columns. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, value, unit, target, met, rival }) => {
    const verdict = met === null ? "" : met ? "yes" : "NO";
    const against = target === null ? "" : String(target);
    const left = `${name.padEnd(29)}${String(value).padStart(11)} ${unit.padEnd(5)}`;
    return `${left}${against.padStart(10)}  ${verdict.padEnd(4)}${cut(rival ?? "", 36)}`.trimEnd();
  });
  const head = `${"name".padEnd(29)}${"value".padStart(11)} ${"".padEnd(5)}${"target".padStart(10)}  met rival`;
  return [head, "-".repeat(98), ...lines].join("\n");
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
