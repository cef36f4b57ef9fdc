export { catchUp, type FollowDeps, type Step } from "./catchUp";
export { fallback } from "./fallback";
export { type FollowOptions, follow } from "./follow";
export { type ChainEvent, type IngestDeps, type IngestOptions, ingest, ingestOnce } from "./ingest";
export { normalizedHash } from "./normalizedHash";
export { createProvider, openContract } from "./openContract";
export { createOutbox, type Outbox } from "./outbox/createOutbox";
export type { OutboxDeps } from "./outbox/deps";
export { explainBounce } from "./outbox/explainBounce";
export { intentSender } from "./outbox/intentSender";
export type { StepResult } from "./outbox/step";
export {
  type AccountState,
  BEFORE_FIRST,
  type ChainHead,
  type ChainReader,
  type MasterBlock,
  type TransactionPoint,
} from "./reader";
export { createToncenterClient, type ToncenterOptions } from "./toncenter/client";
export { createKeyCache, type Wallet, walletFromMnemonic, walletFromSeed } from "./wallet";
