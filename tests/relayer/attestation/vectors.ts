import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Collateral, cutSignedJson, parseCollateral } from "../../../relayer/attestation/tdx/collateral";

/**
 * Real quotes, reports and collateral that nobody here made. They are no part of this repository: the tests look for
 * them beside the checkout, or where COCOON_VECTORS says, and say so when they skip.
 */
const ROOT = process.env.COCOON_VECTORS ?? resolve(__dirname, "../../../../shared/vectors");
const isPresent = existsSync(join(ROOT, "phala-dcap-qvl"));

/** `describe`, or a skipped one with the reason in its name. */
export function describeVectors(name: string, body: () => void): void {
  if (isPresent) {
    describe(name, body);
    return;
  }
  describe.skip(`${name} (skipped: no vectors beside the checkout, nor in COCOON_VECTORS)`, body);
}

export function vector(path: string): Buffer {
  return readFileSync(join(ROOT, path));
}

export function vectorText(path: string): string {
  return vector(path).toString("utf8");
}

/** A quote stored as hex text. */
export function hexVector(path: string): Buffer {
  return Buffer.from(vectorText(path).trim().replace(/^0x/, ""), "hex");
}

const PHALA = "phala-dcap-qvl/sample";
const GO_TDX = "google-go-tdx-guest/testing/testdata";
const EVM = "automata/evm/forge-test/assets";
const SOLANA = "automata/solana/automata-dcap-framework/tests/data";

/** Collateral by the letters of the vectors' own list, and by month where a letter stands for several. */
export const collaterals = {
  A: () => phala("tdx_quote_collateral.json"),
  B: () => phala("tdx_quote_outdated_collateral.json"),
  D: () => phala("sgx_quote_collateral.json"),
  E0725: () =>
    assembled({
      tcbInfo: `${SOLANA}/tcb_info_v3_with_tdx_module.json`,
      qeIdentity: `${SOLANA}/qe_identity.json`,
      pckCrl: `${SOLANA}/pck_platform_crl.der`,
    }),
  E1025: () =>
    assembled({
      tcbInfo: `${EVM}/1025/tcb_info.json`,
      qeIdentity: `${EVM}/1025/identity.json`,
      pckCrl: `${EVM}/1025/pck_crl.der`,
    }),
  /** SGX. */
  E0825: () =>
    assembled({
      tcbInfo: `${EVM}/0825/sgx_tcbinfov3_00606a000000.json`,
      qeIdentity: `${EVM}/0825/sgx_qeidentity_v4.json`,
      pckCrl: `${EVM}/0825/platform_crl.der`,
    }),
  F: (): Collateral => {
    const chains = JSON.parse(vectorText("google-go-tdx-guest/issuer_chains_from_test_cases.json"));
    return {
      tcbInfo: {
        ...cutSignedJson(vectorText(`${GO_TDX}/sample_tcbInfo_response`), "tcbInfo"),
        chain: String(chains.tcbInfoIssuerChain),
      },
      qeIdentity: {
        ...cutSignedJson(vectorText(`${GO_TDX}/sample_qeIdentity_response`), "enclaveIdentity"),
        chain: String(chains.qeIdentityIssuerChain),
      },
      rootCrl: vector(`${GO_TDX}/rootcrl.der`),
      pckCrl: vector(`${GO_TDX}/pckcrl`),
    };
  },
} as const;

function phala(file: string): Collateral {
  return parseCollateral(JSON.parse(vectorText(`${PHALA}/${file}`)));
}

/** Intel's answers of one month, with the signer's chain of the same year. */
function assembled(files: {
  readonly tcbInfo: string;
  readonly qeIdentity: string;
  readonly pckCrl: string;
}): Collateral {
  const { chain } = collaterals.A().tcbInfo;
  return {
    tcbInfo: { ...cutSignedJson(vectorText(files.tcbInfo), "tcbInfo"), chain },
    qeIdentity: { ...cutSignedJson(vectorText(files.qeIdentity), "enclaveIdentity"), chain },
    rootCrl: vector(`${SOLANA}/intel_root_ca_crl.der`),
    pckCrl: vector(files.pckCrl),
  };
}

export interface QuoteVector {
  readonly name: string;
  readonly quote: () => Buffer;
  readonly collateral: keyof typeof collaterals;
  /** Within the collateral's own dates; it was fetched up to a month before. */
  readonly at: string;
  /** The checks that fail under the strict policy; none: accepted. */
  readonly failed: readonly string[];
  readonly status: string | undefined;
  readonly advisories: readonly string[];
}

const ACCEPTED = { failed: [], status: "UpToDate", advisories: [] } as const;

export const quoteVectors: readonly QuoteVector[] = [
  {
    name: "Cocoon's TDX v4",
    quote: () => vector("cocoon/tee/test/quote.dat"),
    collateral: "B",
    at: "2026-03-05T12:00:00Z",
    ...ACCEPTED,
  },
  {
    name: "Phala's TDX v4",
    quote: () => vector(`${PHALA}/tdx_quote`),
    collateral: "A",
    at: "2025-06-27T12:00:00Z",
    ...ACCEPTED,
  },
  {
    name: "TDX v5 of an old machine",
    quote: () => vector(`${PHALA}/tdx_quote_outdated`),
    collateral: "B",
    at: "2026-02-25T12:00:00Z",
    failed: ["tcbLevel", "tcbStatus"],
    status: undefined,
    advisories: [],
  },
  {
    name: "SGX v3",
    quote: () => vector(`${PHALA}/sgx_quote`),
    collateral: "D",
    at: "2025-06-27T12:00:00Z",
    failed: ["tcbStatus"],
    status: "ConfigurationAndSWHardeningNeeded",
    advisories: ["INTEL-SA-00289", "INTEL-SA-00615"],
  },
  {
    name: "Google's TDX v5",
    quote: () => vector(`${GO_TDX}/quote_v5_sample.dat`),
    collateral: "B",
    at: "2026-02-25T12:00:00Z",
    ...ACCEPTED,
  },
  {
    name: "Google Cloud's TDX v4",
    quote: () => vector(`${GO_TDX}/ccel/cos-113-tdx-quote.dat`),
    collateral: "E0725",
    at: "2025-07-20T12:00:00Z",
    ...ACCEPTED,
  },
  {
    name: "Google Cloud's TDX v4, three months later",
    quote: () => vector(`${GO_TDX}/ccel/cos-113-tdx-quote.dat`),
    collateral: "E1025",
    at: "2025-10-25T12:00:00Z",
    ...ACCEPTED,
  },
  {
    name: "early silicon",
    quote: () => vector(`${GO_TDX}/tdx_prod_quote_SPR_E4.dat`),
    collateral: "F",
    at: "2023-06-28T12:00:00Z",
    failed: ["tdSeptVeDisable", "tcbLevel", "tcbStatus"],
    status: undefined,
    advisories: [],
  },
  {
    name: "a TD with a service TD",
    quote: () => vector(`${EVM}/quotes/alibaba_quote_5.dat`),
    collateral: "B",
    at: "2026-02-25T12:00:00Z",
    failed: ["tdServiceTd", "tcbStatus"],
    status: "OutOfDate",
    advisories: ["INTEL-SA-01036", "INTEL-SA-01079", "INTEL-SA-01099", "INTEL-SA-01103", "INTEL-SA-01111"],
  },
  {
    name: "an out-of-date TDX v4",
    quote: () => vector(`${SOLANA}/quote_tdx.bin`),
    collateral: "E0725",
    at: "2025-07-20T12:00:00Z",
    failed: ["tcbStatus"],
    status: "OutOfDate",
    advisories: ["INTEL-SA-00960", "INTEL-SA-00982", "INTEL-SA-00986"],
  },
  {
    name: "SGX v3 of debug enclaves",
    quote: () => vector(`${SOLANA}/quote_sgx.bin`),
    collateral: "D",
    at: "2025-06-27T12:00:00Z",
    failed: ["enclaveDebug", "tcbStatus"],
    status: "ConfigurationAndSWHardeningNeeded",
    advisories: ["INTEL-SA-00289", "INTEL-SA-00615"],
  },
  {
    name: "SGX v3, hardening needed",
    quote: () => hexVector("automata/rust-crates/samples/quotev3.hex"),
    collateral: "E0825",
    at: "2025-09-08T12:00:00Z",
    failed: ["tcbStatus"],
    status: "SWHardeningNeeded",
    advisories: ["INTEL-SA-00615"],
  },
  {
    name: "an older TDX v4 from tappd",
    quote: () => hexVector(`${PHALA}/quote-from-tappd.hex`),
    collateral: "A",
    at: "2025-06-27T12:00:00Z",
    failed: ["tcbLevel", "tcbStatus"],
    status: undefined,
    advisories: [],
  },
  {
    name: "an older TDX v4",
    quote: () => hexVector(`${PHALA}/tdx-quote.hex`),
    collateral: "A",
    at: "2025-06-27T12:00:00Z",
    failed: ["tcbLevel", "tcbStatus"],
    status: undefined,
    advisories: [],
  },
];
