import { readFile } from "node:fs/promises";
import { createPccsCollateral, INTEL_ROOT_KEY, readCollateralFile } from "../attestation";
import { collateralRequestOf } from "../attestation/collateral/collateralSource";
import type { Collateral } from "../attestation/tdx/collateral";
import { parseEventLog, unexplainedRegisters } from "../attestation/tdx/eventLog";
import { imageHash, telegramImageHash } from "../attestation/tdx/imageHash";
import { parseQuote } from "../attestation/tdx/quote";
import { parseTcbInfo } from "../attestation/tdx/tcbInfo";
import { type QuoteVerdict, verifyQuote } from "../attestation/tdx/verifyQuote";
import { FinalError, toCocoonError } from "../errors";
import { systemClock } from "../observe/clock";
import { fromHex, toHex } from "../protocol";
import { pc } from "./terminalColors";

export interface AttestVerifyOptions {
  readonly quote: string;
  readonly collateral?: string;
  readonly eventLog?: string;
  readonly pccs: string;
  readonly root?: string;
  readonly at?: string;
  readonly maxAgeDays: string;
  readonly advisory: readonly string[];
  readonly json?: boolean;
}

export interface AttestImageOptions {
  readonly quote?: string;
  readonly mrtd?: string;
  readonly rtmr1?: string;
  readonly rtmr2?: string;
  readonly mrconfigid: string;
  readonly attributes: string;
  readonly xfam: string;
  readonly json?: boolean;
}

const REJECTED = 10;
const BAD_INPUT = 2;
const DAY_SECONDS = 86_400;

/** Prints the verdict on a quote; exits 0 when it is accepted, 10 when refused, 2 for input that cannot be read. */
export async function attestVerify(options: AttestVerifyOptions): Promise<void> {
  await withBadInput(async () => {
    const nowSeconds = options.at === undefined ? Date.now() / 1000 : Date.parse(options.at) / 1000;
    const maxAgeSeconds = Number(options.maxAgeDays) * DAY_SECONDS;
    if (Number.isNaN(nowSeconds) || !(maxAgeSeconds >= 0)) {
      throw new FinalError("BAD_REQUEST", "--at needs a date in ISO 8601, --max-age-days a number.");
    }
    const quote = await readQuote(options.quote);
    const collateral = await collateralFor(quote, options);
    const verdict = verifyQuote(quote, collateral, {
      rootKey: options.root === undefined ? INTEL_ROOT_KEY : fromHex(options.root, 64),
      nowSeconds,
      maxAgeSeconds,
      tcb: { advisories: options.advisory, outOfDateUntil: undefined },
    });
    const unexplained = await unexplainedBy(options.eventLog, verdict);
    const failed = [...verdict.failed, ...unexplained.map((index) => `eventLog.rtmr${index}` as const)];
    const facts = { ...factsOf(verdict), ok: failed.length === 0, failed };
    process.stdout.write(
      options.json === true ? `${JSON.stringify(facts, null, 2)}\n` : asText(verdict.tcb, facts),
    );
    process.exitCode = facts.ok ? 0 : REJECTED;
  });
}

/** Prints the image hash that a network lists: of a quote, or of measurements that a build computes. */
export async function attestImage(options: AttestImageOptions): Promise<void> {
  await withBadInput(async () => {
    const found = options.quote === undefined ? measured(options) : await quoted(options.quote);
    process.stdout.write(options.json === true ? `${JSON.stringify(found)}\n` : `${found.imageHash}\n`);
  });
}

function measured(options: AttestImageOptions): { readonly imageHash: string } {
  const { mrtd, rtmr1, rtmr2 } = options;
  if (mrtd === undefined || rtmr1 === undefined || rtmr2 === undefined) {
    throw new FinalError("BAD_REQUEST", "Give --quote, or all of --mrtd, --rtmr1 and --rtmr2.");
  }
  const register = (text: string) => Buffer.from(fromHex(text, 48));
  // RTMR0 and RTMR3 are no part of the hash.
  const unused = Buffer.alloc(48);
  const hash = imageHash({
    mrTd: register(mrtd),
    rtmr: [unused, register(rtmr1), register(rtmr2), unused],
    mrConfigId: register(options.mrconfigid),
    tdAttributes: Buffer.from(fromHex(options.attributes, 8)),
    xfam: Buffer.from(fromHex(options.xfam, 8)),
  });
  return { imageHash: toHex(hash) };
}

async function quoted(path: string) {
  const { body } = parseQuote(await readQuote(path));
  if (body.kind === "sgx") {
    throw new FinalError("BAD_REQUEST", "An SGX enclave's quote has no image hash.");
  }
  return { imageHash: toHex(imageHash(body.td)), telegramImageHash: toHex(telegramImageHash(body.td)) };
}

/** A file of raw bytes, or of hex or base64 text. */
export async function readQuote(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  const text = bytes.toString("latin1").trim().replace(/^0x/, "");
  if (/^([0-9a-fA-F]{2})+$/.test(text)) {
    return Buffer.from(text, "hex");
  }
  return /^[A-Za-z0-9+/\s]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : bytes;
}

export async function collateralFor(
  quote: Buffer,
  options: Pick<AttestVerifyOptions, "collateral" | "pccs">,
): Promise<Collateral> {
  const wanted = collateralRequestOf(quote);
  if (options.collateral === undefined) {
    return await createPccsCollateral({ url: options.pccs, clock: systemClock }).get(wanted);
  }
  const all = await readCollateralFile(options.collateral);
  // With one collateral, a wrong one is a matter for the verdict.
  const [only] = all;
  const fitting = all.find(({ tcbInfo }) => parseTcbInfo(tcbInfo.text)?.fmspc === wanted.fmspc) ?? only;
  if (fitting === undefined) {
    throw new FinalError("BAD_REQUEST", "The collateral file is empty.");
  }
  return fitting;
}

function factsOf({ ok, failed, quote, tcb, machine, validUntil }: QuoteVerdict) {
  const body = quote?.body;
  const hex = (bytes: Buffer) => bytes.toString("hex");
  return {
    ok,
    failed,
    ...(quote === undefined ? {} : { kind: quote.body.kind, version: quote.version }),
    ...(machine === undefined ? {} : { fmspc: machine.fmspc, ppid: machine.ppid }),
    ...(tcb === undefined ? {} : { tcb }),
    ...(body?.kind === "tdx"
      ? {
          imageHash: toHex(imageHash(body.td)),
          telegramImageHash: toHex(telegramImageHash(body.td)),
          mrTd: hex(body.td.mrTd),
          rtmr: body.td.rtmr.map(hex),
          mrConfigId: hex(body.td.mrConfigId),
          tdAttributes: hex(body.td.tdAttributes),
          xfam: hex(body.td.xfam),
          reportData: hex(body.td.reportData),
        }
      : {}),
    ...(body?.kind === "sgx"
      ? { mrEnclave: hex(body.enclave.mrEnclave), reportData: hex(body.enclave.reportData) }
      : {}),
    ...(Number.isFinite(validUntil) ? { validUntil: new Date(validUntil * 1000).toISOString() } : {}),
  };
}

/** The registers that the log does not explain; without a log, none is asked about. */
async function unexplainedBy(path: string | undefined, { quote }: QuoteVerdict): Promise<readonly number[]> {
  if (path === undefined || quote === undefined) {
    return [];
  }
  const events = parseEventLog(await readFile(path));
  return unexplainedRegisters(events, quote.body.kind === "tdx" ? quote.body.td.rtmr : []);
}

function asText(
  tcb: QuoteVerdict["tcb"],
  facts: Omit<ReturnType<typeof factsOf>, "failed"> & { readonly failed: readonly string[] },
): string {
  const line = (name: string, value: unknown) => `  ${pc.dim(name.padEnd(18))} ${String(value)}`;
  const { ok, failed, tcb: _, rtmr, ...plain } = facts;
  const lines = [
    ok ? pc.green("  The quote is accepted.") : pc.red("  The quote is REFUSED."),
    ...failed.map((name) => `  ${pc.red("failed")}             ${name}`),
    ...(tcb === undefined
      ? []
      : [
          line("TCB status", tcb.status),
          line("advisories", tcb.advisories.length === 0 ? "none" : tcb.advisories.join(", ")),
          line("TCB date", tcb.tcbDate),
          line("evaluation", tcb.evaluationNumber),
        ]),
    ...Object.entries(plain).map(([name, value]) => line(name, value)),
    ...(rtmr ?? []).map((value, index) => line(`RTMR${index}`, value)),
  ];
  return `${lines.join("\n")}\n`;
}

async function withBadInput(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const isFile = thrown instanceof Error && "syscall" in thrown;
    process.stderr.write(`${isFile ? thrown.message : toCocoonError(thrown).message}\n`);
    process.exitCode = BAD_INPUT;
  }
}
