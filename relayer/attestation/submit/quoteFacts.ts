import { FinalError } from "../../errors";
import { toHex } from "../../protocol";
import { imageHash } from "../tdx/imageHash";
import { readPckExtension } from "../tdx/pckExtension";
import { parseQuote, type Quote } from "../tdx/quote";
import { machineCertificates } from "../tdx/quoteParts";

/** What a registry's lists are asked about. Nothing of it is verified here: the contracts do that. */
export interface QuoteFacts {
  readonly quote: Quote;
  /** Lower-case hex. */
  readonly imageHash: string;
  readonly fmspc: string;
  /** Unix seconds: the machine's certificate. */
  readonly certificateUntil: number;
  readonly reportData: Uint8Array;
}

/** Reads a TD's quote. Throws `ATTESTATION_REFUSED` for any other. */
export function readQuoteFacts(bytes: Uint8Array): QuoteFacts {
  const quote = parseQuote(bytes);
  if (quote.body.kind !== "tdx") {
    throw new FinalError("ATTESTATION_REFUSED", "An SGX enclave's quote attests no worker.");
  }
  const { leaf } = machineCertificates(quote);
  return {
    quote,
    imageHash: toHex(imageHash(quote.body.td)),
    fmspc: readPckExtension(leaf).fmspc,
    certificateUntil: leaf.notAfter,
    reportData: quote.body.td.reportData,
  };
}
