import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Benchmark } from "./benchmark";
import { dcapTime } from "./dcapTime";
import { fraudProof } from "./fraudProof";
import { fuzzRate } from "./fuzzRate";
import { localnetRate } from "./localnetRate";
import { describeMachine } from "./machine";
import { marketCost } from "./marketCost";
import { onChainQuotes } from "./onChainQuotes";
import { requestPath } from "./requestPath";
import { type Row, saveRows, tableOf, toRow } from "./rows";
import { sealedChunks } from "./sealedChunks";
import { sessionCost } from "./sessionCost";
import { startTime } from "./startTime";
import { verifyReceiptTime } from "./verifyReceiptTime";

const ROOT = resolve(__dirname, "..");
const BENCHMARKS: readonly Benchmark[] = [
  sessionCost,
  fraudProof,
  onChainQuotes,
  marketCost,
  sealedChunks,
  verifyReceiptTime,
  dcapTime,
  localnetRate,
  fuzzRate,
  requestPath,
  startTime,
];

/** `bench/run.cjs [--cpu-prof DIR] [--soak REQUESTS] [NAME...]`: a name or its beginning; none runs everything. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "cpu-prof": { type: "string" },
      "dry-run": { type: "boolean", default: false },
      soak: { type: "string" },
    },
  });
  const chosen = BENCHMARKS.filter(
    ({ names }) => positionals.length === 0 || names.some((name) => startsWithAny(name, positionals)),
  );
  if (chosen.length === 0) {
    const known = BENCHMARKS.flatMap(({ names }) => names).join(", ");
    throw new Error(`No benchmark has such a name. There are: ${known}.`);
  }
  const soak = values.soak === undefined ? undefined : Number(values.soak);
  const rows: Row[] = [];
  for (const benchmark of chosen) {
    // Of this process alone: another run must not take it away.
    const dir = join(ROOT, ".cocoon", `bench-${process.pid}`);
    mkdirSync(dir, { recursive: true });
    const machine = describeMachine();
    const measured = await benchmark
      .run({ root: ROOT, dir, profileDir: values["cpu-prof"], soak, note })
      .finally(() => rmSync(dir, { recursive: true, force: true }));
    const date = new Date().toISOString();
    for (const one of measured) {
      rows.push(toRow(one, { command: `npm run bench -- ${one.name}`, date, machine }));
    }
    // Saved one by one, so that a failure later loses nothing.
    if (!values["dry-run"]) {
      saveRows(join(ROOT, "bench", "results.json"), rows);
    }
  }
  process.stdout.write(`${tableOf(rows)}\n`);
}

function startsWithAny(name: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => name.startsWith(beginning));
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

main().then(
  () => process.exit(0),
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
    process.exit(1);
  },
);
