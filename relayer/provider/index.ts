export { type BidPolicy, parseBidPolicy } from "./bids/bidPolicy";
export { DEFAULT_POLICY, type Policy } from "./policy";
export { type Provider, type ProviderOptions, startProvider } from "./startProvider";
