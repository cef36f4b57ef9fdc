import * as z from "zod/mini";
import { FinalError } from "../errors";

const MAX_TEXT = 64 * 1024 * 1024;
// The small form of zod, which leaves out of a page's bundle what these fields do not need.
const hex32 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const rawAddress = z.string().check(z.regex(/^-?\d{1,3}:[0-9a-f]{64}$/));
const decimal = z.string().check(z.regex(/^(0|[1-9]\d{0,19})$/));
const base64 = z.string().check(z.maxLength(4096), z.regex(/^[A-Za-z0-9+/]*={0,2}$/));
const size = z.int().check(z.minimum(1));
const text = z.optional(z.string().check(z.maxLength(MAX_TEXT)));

/** A receipt as it is handed to people: docs/receipts.md. No other fields, and each is covered by a check. */
export const receiptFileSchema = z.strictObject({
  version: z.literal(1),
  network: z.strictObject({ globalId: z.int(), registry: rawAddress }),
  job: rawAddress,
  provider: rawAddress,
  /** Receipt key. */
  worker: hex32,
  terms: base64,
  bind: base64,
  salt: hex32,
  /** The request's JSON body and the answer's bytes as text, exactly as sealed. */
  request: text,
  response: text,
  leaf: base64,
  proof: z.array(base64).check(z.maxLength(53)),
  head: z.strictObject({ size, root: base64, amount: decimal, issuedAt: z.int().check(z.minimum(0)) }),
  signature: base64,
  cosignature: z.optional(base64),
});

export type ReceiptFile = z.infer<typeof receiptFileSchema>;

/**
 * Parses a file's text. Throws `RECEIPT_INVALID`.
 *
 * @example
 * import { readFileSync } from "node:fs";
 * import { parseReceiptFile } from "cocoon/client";
 *
 * const file = parseReceiptFile(readFileSync(process.env.RECEIPT, "utf8"));
 * console.log(file.head.size); // 1
 */
export function parseReceiptFile(text: string): ReceiptFile {
  try {
    return receiptFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FinalError("RECEIPT_INVALID", "The file is not a receipt of version 1.", {}, { cause });
  }
}
