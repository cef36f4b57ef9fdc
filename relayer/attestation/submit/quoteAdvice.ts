import { exitCodeName } from "../../../wrappers/exit-codes";

// What the operator can do about a quote that was refused; by the name that the contracts give the code.
const ADVICE: Readonly<Record<string, string>> = {
  ErrImageNotAllowed: "the network does not list the worker's image, or no longer: start a listed build",
  ErrModelNotAllowed: "the network does not list the worker's model: serve a listed one",
  ErrUnknownFmspc: "the network lists no machines of this kind: its governor can add it",
  ErrComponentsTooOld: "the machine's microcode or firmware is too old: update its BIOS",
  ErrPceTooOld: "the machine's provisioning enclave is too old: update it",
  ErrTdxTooOld: "the machine's TDX module is too old: update it",
  ErrUnknownModule: "the network does not know this version of the TDX module: its governor can add it",
  ErrQeTooOld: "the machine's quoting enclave is too old: update its DCAP packages",
  ErrCertificateRevoked: "the machine or its authority is revoked: it serves this network no more",
  ErrCertificateDates: "a certificate has ended: fetch the machine's new one from Intel",
  ErrUnknownAuthority: "the authority is not registered yet: it is sent again",
  ErrUnknownPlatform: "the machine is not known yet: it is sent again with its certificate",
  ErrUnknownAttestationKey: "the quoting enclave has a new key: it is sent again with its report",
  ErrStaleBlock: "the block is no longer recent: a new quote is taken",
  ErrStatementDates: "the statement is not valid now: look at the worker's clock",
  ErrWrongNetwork: "the statement is for another network: look at the relayer's registry",
  ErrDebugTd: "the TD may be debugged: start it without debug",
  ErrTooManyWorkers: "the provider has as many workers as it can: drop some that have ended",
};

/** A refusal in words: the code's name, and what to do. */
export function quoteAdvice(code: number): { readonly code: string; readonly advice: string } {
  const name = exitCodeName(code);
  return {
    code: name,
    advice: ADVICE[name] ?? "the quote does not pass this check: look the code up in docs/protocol.md",
  };
}
