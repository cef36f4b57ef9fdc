import { readFile } from "node:fs/promises";
import { createToncenterClient } from "../chain";
import { parseReceiptFile } from "../client/receiptFile";
import { type ReceiptVerdict, verifyReceipt } from "../client/verifyReceipt";
import { verifyReceiptOnChain } from "../client/verifyReceiptOnChain";
import { loadEnvironment, readConfig } from "../config";
import { silentLog } from "../observe/log";
import { formatTon } from "../protocol";
import { wrapped } from "./manage/output";
import { pc } from "./terminalColors";

export interface VerifyOptions {
  readonly json?: boolean;
  readonly endpoint?: string;
  readonly offline?: boolean;
}

const REJECTED = 10;
const CHAIN_MS = 10_000;
/** Where a line says what was found. */
const DETAIL_COLUMN = 35;
const MARKS = { ok: pc.green("ok     "), failed: pc.red("FAILED "), skipped: pc.yellow("skipped") } as const;
const NAME_WIDTH = 24;

/** Prints the verdict; exits 0 when everything holds, 10 when something fails, 2 for a file that is no receipt. */
export async function verify(path: string, options: VerifyOptions): Promise<void> {
  const file = await readReceipt(path);
  const verdict = options.offline === true ? verifyReceipt(file) : await onChain(endpointOf(options), file);
  process.stdout.write(options.json === true ? `${JSON.stringify(asJson(verdict))}\n` : asText(verdict));
  process.exitCode = verdict.ok ? 0 : REJECTED;
}

async function readReceipt(path: string) {
  const text = await readFile(path, "utf8").catch(() => refuse(`${path} cannot be read.`));
  try {
    return parseReceiptFile(text);
  } catch (thrown) {
    return refuse(`${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

function endpointOf({ endpoint }: VerifyOptions): string {
  return endpoint ?? readConfig("manage", loadEnvironment()).COCOON_ENDPOINTS[0] ?? "";
}

async function onChain(endpoint: string, file: Parameters<typeof verifyReceipt>[0]): Promise<ReceiptVerdict> {
  const reader = createToncenterClient({ endpoint, timeoutMs: CHAIN_MS, log: silentLog });
  try {
    return await verifyReceiptOnChain({ reader }, file);
  } finally {
    await reader.close();
  }
}

function asText({ ok, checks, opened }: ReceiptVerdict): string {
  const lines = checks.map(
    ({ name, outcome, detail }) =>
      `  ${MARKS[outcome]} ${name.padEnd(NAME_WIDTH)} ${pc.dim(wrapped(detail, DETAIL_COLUMN))}`,
  );
  const facts =
    opened === undefined
      ? []
      : [
          "",
          `  finished  ${new Date(opened.leaf.finishedAt).toISOString()}`,
          `  lane      ${formatTon(opened.leaf.amount)} TON for ${counted(opened.leaf.index + 1, "answer")} so far`,
        ];
  return `${[...lines, ...facts, "", ok ? pc.green("  The receipt holds.") : pc.red("  The receipt does NOT hold.")].join("\n")}\n`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function asJson({ ok, checks }: ReceiptVerdict) {
  return { ok, checks };
}
