import { primitives, tagBytes } from "../../protocol";
import type { TdReport } from "./tdReport";

const TAG = tagBytes("cocoon/image/v1");
const ZERO_64 = new Uint8Array(64);

/** The registers that identify an image. Hardware tables (RTMR0) and run-time events (RTMR3) are no part of it. */
export type ImageMeasurements = Pick<TdReport, "mrTd" | "rtmr" | "mrConfigId" | "tdAttributes" | "xfam">;

/** The image hash [32] of the allow-lists: `H("cocoon/image/v1\0" ‖ MRTD ‖ RTMR1 ‖ RTMR2 ‖ MRCONFIGID ‖ attributes ‖ XFAM)`. */
export function imageHash(td: ImageMeasurements): Uint8Array {
  const [, kernel, initrd] = td.rtmr;
  return primitives.sha256(TAG, td.mrTd, kernel, initrd, td.mrConfigId, td.tdAttributes, td.xfam);
}

/**
 * The image hash [32] as Telegram's Cocoon defines it, for comparison with its lists only: it leaves the TD's
 * attributes out, so a TD open to a debugger has the same one.
 */
export function telegramImageHash(
  td: Pick<TdReport, "mrTd" | "mrConfigId" | "mrOwner" | "mrOwnerConfig" | "rtmr">,
): Uint8Array {
  return primitives.sha256(td.mrTd, td.mrConfigId, td.mrOwner, td.mrOwnerConfig, ...td.rtmr, ZERO_64);
}
