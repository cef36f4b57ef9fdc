export * from "./attestor";
export * from "./evidence";
export * from "./sources/development";
export * from "./sources/quoteSource";
export * from "./verifyEvidence";
