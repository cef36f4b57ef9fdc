/**
 * Every failure the off-chain parts report, by stable code. A code is never reused for another meaning.
 * `RetryableError` and `FinalError` decide policy: a retry loop looks at nothing else.
 */
export const ERROR_CODES = [
  // input
  "BAD_REQUEST",
  "BODY_TOO_LARGE",
  "UNAUTHORIZED",
  "NOT_FOUND",
  "UNSUPPORTED_PARAMETER",
  "CONTEXT_TOO_LONG",
  // sealed requests
  "SEALED_MALFORMED",
  "SEALED_TRUNCATED",
  "SEALED_TOO_LARGE",
  "SEALED_UNREADABLE",
  "SEALED_EXPIRED",
  "SEALED_REPLAYED",
  "WRONG_NETWORK",
  "WRONG_JOB",
  "STALE_KEY",
  "BAD_AUTHORIZATION",
  // money
  "INSUFFICIENT_FUNDS",
  "COST_LIMIT_EXCEEDED",
  "SPEND_LIMIT_EXCEEDED",
  "JOB_NOT_ACTIVE",
  "JOB_EXPIRED",
  "RECEIPT_INVALID",
  "HEAD_INVALID",
  // attestation
  "ATTESTATION_MISSING",
  "ATTESTATION_REFUSED",
  // availability
  "NO_PROVIDER",
  "NO_WORKER",
  "NO_BID",
  "OVERLOADED",
  "WORKER_UNAVAILABLE",
  "BACKEND_UNAVAILABLE",
  "BACKEND_REFUSED",
  "TIMEOUT",
  "CLIENT_CLOSED",
  "SHUTTING_DOWN",
  // chain
  "CHAIN_UNAVAILABLE",
  "CHAIN_GAP",
  "CHAIN_REJECTED",
  "CHAIN_TIMEOUT",
  // local
  "CONFIG_INVALID",
  "STORE_FAILED",
  "INTERNAL",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Values that may be logged and sent to a client: never a prompt, key, token or mnemonic. */
export type Facts = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** A named failure. `message` is a sentence that says what is wrong and what to do. */
export class CocoonError extends Error {
  override readonly name: string = "CocoonError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly facts: Facts = {},
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The same call may succeed later, or at another endpoint. */
export class RetryableError extends CocoonError {
  override readonly name = "RetryableError";
}

/** The same call will fail again. */
export class FinalError extends CocoonError {
  override readonly name = "FinalError";
}

/** Any thrown value as a `CocoonError`; unknown ones become `INTERNAL` and keep their cause. */
export function toCocoonError(thrown: unknown): CocoonError {
  if (thrown instanceof CocoonError) {
    return thrown;
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new FinalError("INTERNAL", `Unexpected failure: ${detail}`, {}, { cause: thrown });
}
