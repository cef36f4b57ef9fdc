import type { Benchmark } from "./benchmark";
import { measureTwentyLevels } from "./fraudCost";

/** What it costs a job to see a lie in one receipt of a million. */
export const fraudProof: Benchmark = {
  names: ["fraudproof.20-level.gas"],
  async run() {
    return [{ name: "fraudproof.20-level.gas", value: await measureTwentyLevels(), unit: "gas" }];
  },
};
