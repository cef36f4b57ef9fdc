import { type CocoonError, type ErrorCode, RetryableError } from "../errors";

/** stop: the client is told. next: another worker. refresh: the provider's keys are fetched again, then once more. */
export type Next = "stop" | "next" | "refresh";

/** The request itself is at fault, or the client has gone: nobody else would do better. */
const STOP: ReadonlySet<ErrorCode> = new Set([
  "BAD_REQUEST",
  "BODY_TOO_LARGE",
  "UNSUPPORTED_PARAMETER",
  "CONTEXT_TOO_LONG",
  "SEALED_TOO_LARGE",
  "COST_LIMIT_EXCEEDED",
  "SPEND_LIMIT_EXCEEDED",
  "CLIENT_CLOSED",
  "CONFIG_INVALID",
]);

/** The provider's keys may have changed since they were read. */
const REFRESH: ReadonlySet<ErrorCode> = new Set(["STALE_KEY", "SEALED_UNREADABLE"]);

/** At another provider these may succeed, although this one need not be asked again. */
const NEXT: ReadonlySet<ErrorCode> = new Set([
  "JOB_NOT_ACTIVE",
  "JOB_EXPIRED",
  "WRONG_JOB",
  "BAD_AUTHORIZATION",
  "INSUFFICIENT_FUNDS",
  "NO_WORKER",
  "NO_BID",
  "NO_PROVIDER",
  "RECEIPT_INVALID",
  "HEAD_INVALID",
  "SEALED_MALFORMED",
  "SEALED_TRUNCATED",
  "SEALED_EXPIRED",
  "NOT_FOUND",
]);

/** The request is sound, this worker or its backend is not. */
export function mayDoBetterElsewhere(status: number): boolean {
  return status === 429 || status >= 500;
}

export function retryAfter(error: CocoonError): Next {
  if (STOP.has(error.code)) {
    return "stop";
  }
  if (REFRESH.has(error.code)) {
    return "refresh";
  }
  return error instanceof RetryableError || NEXT.has(error.code) ? "next" : "stop";
}
