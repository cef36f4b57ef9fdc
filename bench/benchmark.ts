/** What a benchmark has measured, before it is stamped with date and machine. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** A number to reach. `atMost` is met by smaller values, `atLeast` by larger ones. */
export interface Target {
  readonly limit: number;
  readonly is: "atMost" | "atLeast";
  readonly rival?: string;
}

export interface BenchContext {
  readonly root: string;
  /** An empty directory of this run. */
  readonly dir: string;
  /** Where each process of the request path writes its CPU profile, if anywhere. */
  readonly profileDir: string | undefined;
  /** Requests of the memory test, where the default is not wanted. */
  readonly soak: number | undefined;
  readonly note: (text: string) => void;
}

/** Measurements that one set-up yields together. */
export interface Benchmark {
  /** Every name that `run` may answer. */
  readonly names: readonly string[];
  run(context: BenchContext): Promise<readonly Measured[]>;
}
