import { FinalError } from "../errors";

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_VALUES: ReadonlyMap<string, number> = new Map([...BASE64].map((char, value) => [char, value]));

/**
 * Lower-case hex without prefix.
 *
 * @example
 * import { fromBase64, fromHex, toBase64, toHex } from "cocoon/protocol";
 *
 * const bytes = fromHex("00ff10");
 * console.log(toHex(bytes), toBase64(bytes), fromBase64("AP8Q").length); // 00ff10 AP8Q 3
 */
export function toHex(bytes: Uint8Array): string {
  // Joined, not added up: V8 keeps each step of a sum for as long as the text, 1.5 KB for 48 bytes.
  return Array.from(bytes, (byte) => HEX[byte]).join("");
}

function nibble(code: number): number {
  if (code >= 0x30 && code <= 0x39) {
    return code - 0x30;
  }
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Bytes of a hex text of either case, without prefix; of exactly `length` bytes where given. Throws `BAD_REQUEST`. */
export function fromHex(text: string, length = text.length / 2): Uint8Array {
  if (text.length !== length * 2) {
    throw new FinalError("BAD_REQUEST", "A hexadecimal text has the wrong length.", { length: text.length });
  }
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) {
    const high = nibble(text.charCodeAt(2 * i));
    const low = nibble(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) {
      throw new FinalError("BAD_REQUEST", "A hexadecimal text holds another character.", { at: i });
    }
    out[i] = high * 16 + low;
  }
  return out;
}

/** Standard base64 (RFC 4648 section 4) with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += BASE64.charAt(group >> 18) + BASE64.charAt((group >> 12) & 63);
    text += left > 1 ? BASE64.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? BASE64.charAt(group & 63) : "=";
  }
  return text;
}

/**
 * Bytes of a canonical base64 text: padded, no white space, unused bits zero, so that one value has one text.
 * Of exactly `length` bytes where given. Throws `BAD_REQUEST`.
 */
export function fromBase64(text: string, length?: number): Uint8Array {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const size = (text.length / 4) * 3 - padding;
  if (text.length % 4 !== 0 || (length !== undefined && size !== length)) {
    throw new FinalError("BAD_REQUEST", "A base64 text has the wrong length.", { length: text.length });
  }
  const out = new Uint8Array(size);
  const digits = text.length - padding;
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < digits; i += 1) {
    const value = BASE64_VALUES.get(text.charAt(i));
    if (value === undefined) {
      throw new FinalError("BAD_REQUEST", "A base64 text holds another character.", { at: i });
    }
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[at] = (bits >> held) & 0xff;
      at += 1;
    }
  }
  if ((bits & ((1 << held) - 1)) !== 0) {
    throw new FinalError("BAD_REQUEST", "A base64 text is not in its canonical form.");
  }
  return out;
}
