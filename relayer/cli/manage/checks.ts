import { EXIT } from "./exitCode";
import { colorsOf, type Io, toJson, wrapped } from "./output";

/** Where a line says what was found, and what to do about it. */
const DETAIL_COLUMN = 22;
const FIX_COLUMN = 25;

/** One thing that was looked at. `note`: worth knowing, nothing to mend. */
export interface Check {
  readonly name: string;
  readonly outcome: "ok" | "failed" | "note";
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** Prints checks, and answers with the exit code they mean. */
export function printChecks(io: Io, options: { readonly json?: boolean }, checks: readonly Check[]): number {
  const ok = checks.every(({ outcome }) => outcome !== "failed");
  if (options.json === true) {
    io.stdout.write(toJson({ ok, checks }));
  } else {
    const colors = colorsOf(io);
    const marks = {
      ok: colors.green("ok    "),
      failed: colors.red("FAILED"),
      note: colors.yellow("note  "),
    };
    for (const { name, outcome, detail, fix } of checks) {
      io.stdout.write(`${marks[outcome]}  ${name.padEnd(12)}  ${wrapped(detail, DETAIL_COLUMN)}\n`);
      if (fix !== undefined && outcome !== "ok") {
        io.stdout.write(`${" ".repeat(DETAIL_COLUMN)}${colors.dim("->")} ${wrapped(fix, FIX_COLUMN)}\n`);
      }
    }
  }
  return ok ? EXIT.ok : EXIT.checkFailed;
}

export function failed(
  name: string,
  { detail, fix }: { readonly detail: string; readonly fix: string },
): Check {
  return { name, outcome: "failed", detail, fix };
}

/** Runs a look that may fail: the failure is the finding. */
export async function checked(
  name: string,
  fix: string,
  look: () => Promise<Check | string>,
): Promise<Check> {
  try {
    const found = await look();
    return typeof found === "string" ? { name, outcome: "ok", detail: found } : found;
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    return { name, outcome: "failed", detail, fix };
  }
}
