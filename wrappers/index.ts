export * from "./AttestationRegistry";
export { type ContractCodes, codeReference, contractCodes, JOB_CODE_FORMS, type JobCodeForm } from "./codes";
export { decodeEvent, type ProtocolEvent } from "./events";
export { EXIT_CODES, exitCodeName } from "./exit-codes";
export * from "./GuestBook";
export * from "./JobEscrow";
export * from "./ModelMarket";
export * from "./NetworkRegistry";
export * from "./ProviderStake";
