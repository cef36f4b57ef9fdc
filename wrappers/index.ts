export * from "./AttestationRegistry";
export { type ContractCodes, codeReference, contractCodes } from "./codes";
export { decodeEvent, type ProtocolEvent } from "./events";
export { EXIT_CODES, exitCodeName } from "./exit-codes";
export * from "./JobEscrow";
export * from "./NetworkRegistry";
export * from "./ProviderStake";
