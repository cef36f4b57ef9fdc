export { ADMIN_FILE, startAdmin } from "./admin/startAdmin";
export { type BidPolicy, parseBidPolicy } from "./bids/bidPolicy";
export { DEFAULT_POLICY, type Policy } from "./policy";
export { type Provider, type ProviderOptions, startProvider } from "./startProvider";
export type { WorkerInfo, WorkerSet, WorkerState } from "./workers/workerSet";
export { followWorkersFile, workersFile } from "./workers/workersFile";
