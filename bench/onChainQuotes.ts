import type { Benchmark, Measured } from "./benchmark";
import { measureQuotes } from "./quoteCost";

const PATHS = ["cold", "ca-known", "warm", "hot"] as const;

/** A TDX quote verified by the contracts, by how much of its chain they had seen before. */
export const onChainQuotes: Benchmark = {
  names: ["p256.gas", ...PATHS.flatMap((path) => [`quote.${path}.gas`, `quote.${path}.ton`])],
  async run() {
    const { p256, quote } = await measureQuotes();
    const rows = PATHS.flatMap((path): Measured[] => [
      { name: `quote.${path}.gas`, value: quote[path].gas, unit: "gas" },
      { name: `quote.${path}.ton`, value: quote[path].ton, unit: "TON" },
    ]);
    return [{ name: "p256.gas", value: p256, unit: "gas" }, ...rows];
  },
};
