import { fuzz } from "../tests/contracts/fuzz/fuzz";
import { useNativeHash } from "../tests/contracts/fuzz/nativeHash";
import { setStage } from "../tests/contracts/fuzz/stage";
import type { Benchmark } from "./benchmark";

const SEQUENCES = 500;
const SEED = 1;

/** Random sequences over all contracts, checked after every transaction; the stage is set before the clock starts. */
export const fuzzRate: Benchmark = {
  names: ["fuzz.sequences-per-s"],
  async run() {
    useNativeHash();
    const stage = await setStage();
    let started = 0;
    const { sequences, violation } = fuzz(stage, {
      sequences: SEQUENCES,
      seed: SEED,
      onProgress: (played) => {
        started = played === 1 ? performance.now() : started;
      },
    });
    if (violation !== undefined) {
      throw new Error(`A rule was broken: ${violation.rule}`);
    }
    const seconds = (performance.now() - started) / 1_000;
    return [{ name: "fuzz.sequences-per-s", value: (sequences - 1) / seconds, unit: "/s" }];
  },
};
