import { parseCertificate, readPem } from "../certificates/certificate";
import type { Collateral } from "../tdx/collateral";
import { readPckExtension } from "../tdx/pckExtension";
import { PCK_CHAIN, parseQuote } from "../tdx/quote";

/** Which of Intel's publications belong to a machine. */
export interface CollateralRequest {
  /** Lower-case hex. */
  readonly fmspc: string;
  readonly ca: "platform" | "processor";
  readonly tee: "tdx" | "sgx";
}

/**
 * Where a verifier gets what Intel published. Whoever delivers it is trusted for nothing: every part is signed, dated
 * and checked. Throws `ATTESTATION_MISSING` when there is none.
 */
export interface CollateralSource {
  get(request: CollateralRequest): Promise<Collateral>;
}

/** What a quote's machine needs, read from its certificate. Throws `ATTESTATION_REFUSED` for what is no quote. */
export function collateralRequestOf(bytes: Uint8Array): CollateralRequest {
  const quote = parseQuote(bytes);
  const pem = quote.certification.type === PCK_CHAIN ? quote.certification.data.toString("latin1") : "";
  const [leaf = Buffer.alloc(0), authority = Buffer.alloc(0)] = readPem(pem);
  return {
    fmspc: readPckExtension(parseCertificate(leaf)).fmspc,
    ca: parseCertificate(authority).commonName === "Intel SGX PCK Processor CA" ? "processor" : "platform",
    tee: quote.body.kind,
  };
}
