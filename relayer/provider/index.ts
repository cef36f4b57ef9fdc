export { DEFAULT_POLICY, type Policy } from "./policy";
export { type Provider, type ProviderOptions, startProvider } from "./startProvider";
