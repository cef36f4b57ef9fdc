import pc from "picocolors";

/** Where a command reads and writes; tests give their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  /** A line from the person; rejects where nobody can answer. */
  ask(question: string): Promise<string>;
  /** Lets the process end after the command, whatever a library has left in it. */
  leave?(): void;
  /** After the command. */
  close?(): void;
}

/** Terminals that people still use are at least so wide. */
const WIDTH = 80;
const PROGRESS_MS = 1_000;

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours only on a terminal, and never against NO_COLOR. */
export function colorsOf(io: Pick<Io, "env" | "stdout">): Colors {
  return pc.createColors(io.stdout.isTTY === true && (io.env.NO_COLOR ?? "") === "");
}

/** Rows under a header, at most 80 columns: the widest column gives way, cut in its middle. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const gaps = 2 * (header.length - 1);
  for (let over = sum(widths) + gaps - WIDTH; over > 0; over -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
  return all
    .map((row) => row.map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0)))
    .map((cells) => `${cells.join("  ").trimEnd()}\n`)
    .join("");
}

/** A text in lines that end by column 80 and begin, but for the first, at `column`. A longer word has a line of its own. */
export function wrapped(text: string, column: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && column + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${" ".repeat(column)}`);
}

function cut(text: string, width: number): string {
  if (text.length <= width) {
    return text;
  }
  const kept = Math.max(1, width - 1);
  const head = Math.ceil(kept / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (kept - head))}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** JSON with amounts as decimal text. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_key, field) => (typeof field === "bigint" ? field.toString() : field))}\n`;
}

/** Says on stderr what is waited for once it takes longer than a second; on a terminal with the seconds so far. */
export async function withProgress<T>(io: Pick<Io, "stderr">, what: string, work: Promise<T>): Promise<T> {
  const { stderr } = io;
  const started = performance.now();
  let said = false;
  const timer = setInterval(() => {
    if (stderr.isTTY === true) {
      stderr.write(`\r\x1b[K${what} … ${Math.round((performance.now() - started) / 1000)} s`);
    } else if (!said) {
      stderr.write(`${what} …\n`);
    }
    said = true;
  }, PROGRESS_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (said && stderr.isTTY === true) {
      stderr.write("\r\x1b[K");
    }
  }
}
