export { askRegistry, type RegistryView } from "./askRegistry";
export { freshBlock } from "./freshBlock";
export { type CollateralPost, planCollateral } from "./planCollateral";
export {
  type FreshQuote,
  type Outgoing,
  planSubmission,
  type QuotePath,
  type QuoteSubmission,
} from "./planSubmission";
export { quoteAdvice } from "./quoteAdvice";
export { type QuoteFacts, readQuoteFacts } from "./quoteFacts";
export { type Outcome, readOutcome } from "./readOutcome";
