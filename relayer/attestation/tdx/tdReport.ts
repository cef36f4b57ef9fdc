import { isZero } from "../../protocol/bytes";

const TD10_BYTES = 584;

/** A TD's report: what the TDX module measured. The last two fields exist from TD 1.5 on. */
export interface TdReport {
  readonly teeTcbSvn: Buffer;
  readonly mrSeam: Buffer;
  readonly mrSignerSeam: Buffer;
  readonly seamAttributes: Buffer;
  readonly tdAttributes: Buffer;
  readonly xfam: Buffer;
  readonly mrTd: Buffer;
  readonly mrConfigId: Buffer;
  readonly mrOwner: Buffer;
  readonly mrOwnerConfig: Buffer;
  readonly rtmr: readonly [Buffer, Buffer, Buffer, Buffer];
  readonly reportData: Buffer;
  readonly teeTcbSvn2: Buffer | undefined;
  readonly mrServiceTd: Buffer | undefined;
}

/** Reads 584 (TD 1.0) or 648 bytes (TD 1.5). */
export function readTdReport(body: Buffer): TdReport {
  const is15 = body.length > TD10_BYTES;
  return {
    teeTcbSvn: body.subarray(0, 16),
    mrSeam: body.subarray(16, 64),
    mrSignerSeam: body.subarray(64, 112),
    seamAttributes: body.subarray(112, 120),
    tdAttributes: body.subarray(120, 128),
    xfam: body.subarray(128, 136),
    mrTd: body.subarray(136, 184),
    mrConfigId: body.subarray(184, 232),
    mrOwner: body.subarray(232, 280),
    mrOwnerConfig: body.subarray(280, 328),
    rtmr: [
      body.subarray(328, 376),
      body.subarray(376, 424),
      body.subarray(424, 472),
      body.subarray(472, 520),
    ],
    reportData: body.subarray(520, 584),
    teeTcbSvn2: is15 ? body.subarray(584, 600) : undefined,
    mrServiceTd: is15 ? body.subarray(600, 648) : undefined,
  };
}

/** Rules for every TD, never a matter of policy. */
export const TD_CHECKS = [
  "tdDebug",
  "tdReservedAttributes",
  "tdSeptVeDisable",
  "tdXfam",
  "tdServiceTd",
  "tdOwner",
] as const;
export type TdCheck = (typeof TD_CHECKS)[number];

const DEBUG = 1n << 0n;
const SEPT_VE_DISABLE = 1n << 28n;
const PROTECTION_KEYS = 1n << 30n;
const KEY_LOCKER = 1n << 31n;
const PERFMON = 1n << 63n;
/** Everything else is reserved, or lets the TD be moved to another machine. */
const ALLOWED_ATTRIBUTES = SEPT_VE_DISABLE | PROTECTION_KEYS | KEY_LOCKER | PERFMON;
/** x87 and SSE, which every TD has; and all that the TDX module lets a TD have. */
const XFAM_ALWAYS = 0x3n;
const XFAM_ALLOWED = 0x6dbe7n;

/** The rules that a TD breaks. */
export function tdFaults(td: TdReport): TdCheck[] {
  const attributes = td.tdAttributes.readBigUInt64LE();
  const xfam = td.xfam.readBigUInt64LE();
  const holds: Readonly<Record<TdCheck, boolean>> = {
    tdDebug: (attributes & DEBUG) === 0n,
    tdReservedAttributes: (attributes & ~(ALLOWED_ATTRIBUTES | DEBUG)) === 0n,
    tdSeptVeDisable: (attributes & SEPT_VE_DISABLE) !== 0n,
    tdXfam: (xfam & XFAM_ALWAYS) === XFAM_ALWAYS && (xfam & ~XFAM_ALLOWED) === 0n,
    // A service TD could change what this TD holds after it was measured.
    tdServiceTd: td.mrServiceTd === undefined || isZero(td.mrServiceTd),
    tdOwner: isZero(td.mrOwner) && isZero(td.mrOwnerConfig),
  };
  return TD_CHECKS.filter((name) => !holds[name]);
}
