export { createEvidenceCheck } from "./checkEvidence";
export type { CompletionRequest } from "./complete";
export {
  attestationRegistryOf,
  type Client,
  type Completion,
  createClient,
  type JobInfo,
} from "./createClient";
export type { ClientDeps, NetworkIdentity, VerifyEvidence } from "./deps";
export type { ModelInfo } from "./directory";
export { DEFAULT_POLICY, type Policy } from "./policy";
export { createProviderHttp } from "./providerHttp";
export type { Outcome } from "./readAnswer";
export { parseReceiptFile, type ReceiptFile, receiptFileSchema } from "./receiptFile";
export { createSecretBox } from "./secretBox";
export type { Spender } from "./spender";
export { type ReceiptCheck, type ReceiptTexts, type ReceiptVerdict, verifyReceipt } from "./verifyReceipt";
export { verifyReceiptOnChain } from "./verifyReceiptOnChain";
