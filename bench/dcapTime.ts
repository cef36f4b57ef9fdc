import { QuoteVerifier } from "@phala/dcap-qvl";
import { type Collateral, formatCollateral } from "../relayer/attestation/tdx/collateral";
import { makeTestCollateral } from "../relayer/attestation/tdx/makeTestCollateral";
import { makeTestMachine, makeTestQuote } from "../relayer/attestation/tdx/makeTestQuote";
import { verifyQuote } from "../relayer/attestation/tdx/verifyQuote";
import type { Benchmark } from "./benchmark";
import { median } from "./stats";

const ROUNDS = 300;
const NOW = 1_790_000_000;
const ROOT_SEED = new Uint8Array(32).fill(1);
/** A real list of Intel's names some fifty machines. */
const REVOKED = Array.from({ length: 50 }, (_, index) => (0x100_0000 + index).toString(16).padStart(40, "7"));

/**
 * One TDX quote with its whole collateral, by us and by the field's JavaScript library, turn by turn. Everything is
 * parsed and every signature checked each time; what stays from one time to the next is the five public keys, read.
 */
export const dcapTime: Benchmark = {
  names: ["dcap.full.ms", "dcap.ratio"],
  async run() {
    const machine = makeTestMachine({ rootSeed: ROOT_SEED });
    const quote = makeTestQuote(machine, { reportData: new Uint8Array(64).fill(7) });
    const collateral = makeTestCollateral({
      rootSeed: ROOT_SEED,
      issuedAt: NOW - 60,
      revoked: { byCa: REVOKED },
    });
    const rival = rivalOf(machine.chain[2], collateral);
    const ours = () =>
      verifyQuote(quote, collateral, { rootKey: machine.rootPublicKey, nowSeconds: NOW }).tcb?.status;
    const theirs = () => rival(quote);
    if (ours() !== "UpToDate" || theirs() !== "UpToDate") {
      throw new Error("Both verifiers must accept the quote that they are timed with.");
    }
    const times = Array.from({ length: ROUNDS }, () => [timeOf(ours), timeOf(theirs)] as const);
    const full = median(times.map(([own]) => own));
    return [
      { name: "dcap.full.ms", value: full, unit: "ms" },
      { name: "dcap.ratio", value: median(times.map(([, other]) => other)) / full, unit: "x" },
    ];
  },
};

function rivalOf(rootCertificate: Buffer, collateral: Collateral): (quote: Buffer) => string {
  const verifier = QuoteVerifier.newWithRootCa(rootCertificate);
  const file = { ...formatCollateral(collateral), pck_crl_issuer_chain: "" };
  return (quote) => verifier.verify(quote, file, NOW).status;
}

function timeOf(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}
