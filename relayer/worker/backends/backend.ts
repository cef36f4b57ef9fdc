import type { Usage } from "../../protocol";
import type { InferenceRequest } from "../inferenceRequest";

/** How long a prompt is: exact from the model's own tokenizer, else an estimate that never refuses by context. */
export interface PromptCount {
  readonly tokens: number;
  readonly isExact: boolean;
}

/** A request and the most completion tokens, over all choices, that it may produce. */
export interface PlannedRequest extends InferenceRequest {
  /** For each choice. */
  readonly maxTokens: number;
  readonly promptTokens: PromptCount;
}

/**
 * What a backend says, in this order: one head, data any number of times, usage at least once (the last one counts).
 * A head of 400 or more is the backend's refusal; its body follows as data and costs nothing.
 */
export type BackendEvent =
  | { readonly kind: "head"; readonly status: number; readonly contentType: string }
  /** A piece of the body: for a stream, whole SSE events. */
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "usage"; readonly usage: Usage };

/** Where a worker's answers come from. */
export interface Backend {
  /** Throws `BACKEND_UNAVAILABLE`, and `UNSUPPORTED_PARAMETER` for what the backend could not do anyway. */
  countPromptTokens(request: InferenceRequest): Promise<PromptCount>;
  /**
   * Runs one request. When `signal` aborts, it stops generating, gives the usage until then and ends without a throw.
   * A failure after the head gives the usage until then before it throws `BACKEND_UNAVAILABLE` or `TIMEOUT`.
   * A stream ends with a chunk that has a finish reason, the usage where asked for, and `data: [DONE]`.
   */
  run(request: PlannedRequest, signal: AbortSignal): AsyncIterable<BackendEvent>;
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}
