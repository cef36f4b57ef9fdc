import { FinalError } from "../errors";
import { type Nano, toNano } from "./ids";

/** Nanoton in one TON. */
export const NANO_PER_TON = 1_000_000_000n;

const DECIMALS = 9;
/** Digits of the largest amount, 18,446,744,073 TON, with room to spare: keeps `BigInt` from long texts. */
const MAX_WHOLE_DIGITS = 12;

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) {
      return false;
    }
  }
  return text.length > 0;
}

/**
 * Nanoton of a TON text such as `12`, `0.5` or `1.000000001`: plain digits and at most nine decimals; no sign,
 * exponent, separator or space. Throws `BAD_REQUEST`.
 *
 * @example
 * import { formatTon, parseTon } from "cocoon/protocol";
 *
 * console.log(parseTon("1.5"), formatTon(1_500_000_000n)); // 1500000000 1.5
 */
export function parseTon(text: string): Nano {
  const point = text.indexOf(".");
  const whole = point < 0 ? text : text.slice(0, point);
  const fraction = point < 0 ? "0" : text.slice(point + 1);
  if (
    !isDigits(whole) ||
    !isDigits(fraction) ||
    whole.length > MAX_WHOLE_DIGITS ||
    fraction.length > DECIMALS
  ) {
    throw new FinalError("BAD_REQUEST", "An amount in TON is digits with at most nine decimals.");
  }
  return toNano(BigInt(whole) * NANO_PER_TON + BigInt(fraction.padEnd(DECIMALS, "0")));
}

/** TON text of an amount in nanoton, without needless zeros: `1500000000n` is `1.5`. Negative amounts keep their sign. */
export function formatTon(nano: bigint): string {
  const sign = nano < 0n ? "-" : "";
  const amount = nano < 0n ? -nano : nano;
  const digits = (amount % NANO_PER_TON).toString().padStart(DECIMALS, "0");
  let end = DECIMALS;
  while (end > 0 && digits.charAt(end - 1) === "0") {
    end -= 1;
  }
  const fraction = end === 0 ? "" : `.${digits.slice(0, end)}`;
  return `${sign}${amount / NANO_PER_TON}${fraction}`;
}
