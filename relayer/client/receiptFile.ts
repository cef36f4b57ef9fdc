import * as z from "zod";
import { FinalError } from "../errors";

const MAX_TEXT = 64 * 1024 * 1024;
const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const rawAddress = z.string().regex(/^-?\d{1,3}:[0-9a-f]{64}$/);
const decimal = z.string().regex(/^(0|[1-9]\d{0,19})$/);
const base64 = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

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
  request: z.string().max(MAX_TEXT).optional(),
  response: z.string().max(MAX_TEXT).optional(),
  leaf: base64,
  proof: z.array(base64).max(53),
  head: z.strictObject({ size: z.int().min(1), root: base64, amount: decimal, issuedAt: z.int().min(0) }),
  signature: base64,
  cosignature: base64.optional(),
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
