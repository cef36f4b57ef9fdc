/**
 * The verifying half, for browsers: check that the chain attests a worker, seal to it, open its frames, verify a receipt.
 * It reads no chain, pays nothing and checks no TEE quote: what `checkWorker` is given about the chain must come from
 * where its reader trusts it. Bundles of it hold no Node built-in, and files of it use zod's small form. A page that only
 * verifies receipts has `verify.ts`.
 */
export * from "../protocol";
export {
  type Allowed,
  checkWorker,
  type ServedWorker,
  servedWorkersSchema,
  type VerifiedWorker,
  type WorkerClaim,
} from "./checkWorker";
export { DEFAULT_POLICY, type Policy } from "./policy";
export type { AttestedWorker, Offer, ProviderOnChain } from "./readProvider";
export { parseReceiptFile, type ReceiptFile } from "./receiptFile";
export { type ReceiptCheck, type ReceiptTexts, type ReceiptVerdict, verifyReceipt } from "./verifyReceipt";
