/**
 * For pages that only verify receipts: a bundle of it holds no sealing, no ciphers and no check of workers, and is a
 * good third of `browser.ts`'s.
 */
export { parseReceiptFile, type ReceiptFile } from "./receiptFile";
export { type ReceiptCheck, type ReceiptTexts, type ReceiptVerdict, verifyReceipt } from "./verifyReceipt";
