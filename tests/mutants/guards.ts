import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One `throwUnless` or `throwIf` of the sources. */
export interface Guard {
  /** Instead of its exit code in the tagged build: tells it from all others. */
  readonly tag: number;
  readonly file: string;
  readonly line: number;
  /** `ErrTooLate`. */
  readonly code: string;
  readonly number: number;
  /** The receiver or function that it stands in. */
  readonly within: string;
  readonly text: string;
}

/** Above every published exit code, and below 2,048, where the instruction takes its code from the stack. */
const FIRST_TAG = 1_200;
const GUARD = /\bthrow(?:Unless|If)\(\s*([A-Za-z0-9_]+)\s*,/g;

/** The sources with every guard's exit code replaced by its own tag. */
export function tagGuards(root: string): { guards: Guard[]; sources: Map<string, string> } {
  const guards: Guard[] = [];
  const sources = new Map<string, string>();
  const files = readdirSync(join(root, "contracts"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tact"))
    .sort();
  const numbers = new Map<string, number>([["TactExitCodeInvalidIncomingMessage", 130]]);
  for (const name of files) {
    const text = readFileSync(join(root, "contracts", name), "utf8");
    for (const [, code = "", number] of text.matchAll(/^const (Err\w+): Int = ([\d_]+);/gm)) {
      numbers.set(code, Number(number?.replace("_", "")));
    }
  }
  for (const name of files) {
    const source = readFileSync(join(root, "contracts", name), "utf8");
    const tagged = source.replace(GUARD, (whole, code: string, at: number) => {
      const tag = FIRST_TAG + guards.length;
      const line = source.slice(0, at).split("\n").length;
      const end = endOf(source, at);
      const text = source.slice(at, end).replace(/\s+/g, " ").trim();
      guards.push({
        tag,
        file: name,
        line,
        code,
        number: numberOf(code, numbers),
        within: enclosing(source.slice(0, at)),
        text,
      });
      return whole.replace(code, String(tag));
    });
    sources.set(name, tagged);
  }
  return { guards, sources };
}

const DECLARATION = /\b(?:receive\(\w+: (\w+)|(bounced)\(|fun (\w+)|(receive)\(\))/g;

function enclosing(before: string): string {
  const last = [...before.matchAll(DECLARATION)].at(-1) ?? [];
  return last.slice(1).find((name) => name !== undefined) ?? "";
}

/** Where the statement ends: its conditions hold no semicolon. */
function endOf(source: string, at: number): number {
  return source.indexOf(";", at) + 1;
}

function numberOf(code: string, numbers: ReadonlyMap<string, number>): number {
  const number = numbers.get(code);
  if (number === undefined) {
    throw new Error(`${code} has no number.`);
  }
  return number;
}
