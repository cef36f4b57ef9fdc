/** Milliseconds. */
export interface BackendTimeouts {
  readonly connectMs: number;
  /** Until the first byte of a stream. */
  readonly firstTokenMs: number;
  /** Between two chunks of a stream. */
  readonly idleMs: number;
  /** For the whole answer. */
  readonly totalMs: number;
}

export interface OpenAiBackendOptions {
  /** Up to and with the version, for example `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  /** The backend's own name of the model, where it differs from the one that clients use. */
  readonly model?: string;
  readonly apiKey?: string;
  /** Asks for the usage in every chunk (vLLM, SGLang), so that a stopped stream is billed exactly. */
  readonly hasContinuousUsage?: boolean;
  /** The path of vLLM's tokenizer, for example `/tokenize`: prompts are then counted before they run. */
  readonly tokenizePath?: string;
  readonly maxConnections?: number;
  readonly timeouts?: Partial<BackendTimeouts>;
}

export const DEFAULT_TIMEOUTS: BackendTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 120_000,
  idleMs: 60_000,
  totalMs: 1_800_000,
};
