import { FinalError } from "../../errors";
import { type Certificate, parseCertificate, readPem } from "../certificates/certificate";
import type { QuoteParts } from "./onChainQuote";
import { PCK_CHAIN, type Quote } from "./quote";

/** What `cutQuote` cuts. Throws `ATTESTATION_REFUSED` for a quote that does not carry its machine's certificates. */
export function quotePartsOf(quote: Quote): QuoteParts {
  const { leaf, authority } = machineCertificates(quote);
  return {
    signed: quote.signed,
    signature: quote.signature,
    attestationKey: quote.attestationKey,
    qeReport: quote.qe.signed,
    qeSignature: quote.qe.signature,
    qeAuthData: quote.qe.authData,
    leaf: leaf.raw,
    authority: authority.raw,
  };
}

/** The machine's certificate and its authority's, as the quote carries them. Nothing is verified. */
export function machineCertificates({ certification }: Quote): {
  readonly leaf: Certificate;
  readonly authority: Certificate;
} {
  const chain = certification.type === PCK_CHAIN ? readPem(certification.data.toString("latin1")) : [];
  const [leaf, authority] = chain;
  if (leaf === undefined || authority === undefined) {
    throw new FinalError("ATTESTATION_REFUSED", "The quote does not carry its machine's certificates.");
  }
  return { leaf: parseCertificate(leaf), authority: parseCertificate(authority) };
}
