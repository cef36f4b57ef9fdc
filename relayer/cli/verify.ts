import { readFile } from "node:fs/promises";
import pc from "picocolors";
import { createToncenterClient } from "../chain";
import { parseReceiptFile } from "../client/receiptFile";
import { type ReceiptVerdict, verifyReceipt } from "../client/verifyReceipt";
import { verifyReceiptOnChain } from "../client/verifyReceiptOnChain";
import { silentLog } from "../observe/log";
import { formatTon } from "../protocol";

export interface VerifyOptions {
  readonly json?: boolean;
  readonly endpoint: string;
  readonly offline?: boolean;
}

const REJECTED = 10;
const CHAIN_MS = 10_000;
const MARKS = { ok: pc.green("ok     "), failed: pc.red("FAILED "), skipped: pc.yellow("skipped") } as const;

/** Prints the verdict; exits 0 when everything holds, 10 when something fails, 2 for a file that is no receipt. */
export async function verify(path: string, options: VerifyOptions): Promise<void> {
  const file = await readReceipt(path);
  const verdict = options.offline === true ? verifyReceipt(file) : await onChain(options.endpoint, file);
  process.stdout.write(options.json === true ? `${JSON.stringify(asJson(verdict))}\n` : asText(verdict));
  process.exitCode = verdict.ok ? 0 : REJECTED;
}

async function readReceipt(path: string) {
  try {
    return parseReceiptFile(await readFile(path, "utf8"));
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exit(2);
  }
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
    ({ name, outcome, detail }) => `  ${MARKS[outcome]} ${name.padEnd(28)} ${pc.dim(detail)}`,
  );
  const facts =
    opened === undefined
      ? []
      : [
          "",
          `  finished  ${new Date(opened.leaf.finishedAt).toISOString()}`,
          `  lane      ${formatTon(opened.leaf.amount)} TON for ${opened.leaf.index + 1} answers so far`,
        ];
  return `${[...lines, ...facts, "", ok ? pc.green("  The receipt holds.") : pc.red("  The receipt does NOT hold.")].join("\n")}\n`;
}

function asJson({ ok, checks }: ReceiptVerdict) {
  return { ok, checks };
}
