import { type CocoonError, type ErrorCode, RetryableError, toCocoonError } from "../../errors";

/** An error in OpenAI's shape. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

export interface HttpError {
  readonly status: number;
  readonly body: ErrorBody;
  /** Where waiting helps. */
  readonly retryAfterSeconds: number | undefined;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  BODY_TOO_LARGE: 413,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  UNSUPPORTED_PARAMETER: 400,
  CONTEXT_TOO_LONG: 400,
  SEALED_TOO_LARGE: 413,
  INSUFFICIENT_FUNDS: 402,
  COST_LIMIT_EXCEEDED: 402,
  SPEND_LIMIT_EXCEEDED: 429,
  JOB_NOT_ACTIVE: 409,
  BACKEND_REFUSED: 400,
  CLIENT_CLOSED: 499,
  OVERLOADED: 429,
  NO_PROVIDER: 503,
  NO_WORKER: 503,
  NO_BID: 503,
  WORKER_UNAVAILABLE: 503,
  BACKEND_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  CHAIN_UNAVAILABLE: 503,
  CHAIN_TIMEOUT: 503,
  STORE_FAILED: 503,
  TIMEOUT: 504,
  CONFIG_INVALID: 500,
  INTERNAL: 500,
};

/** Everything else is a fault between here and the worker. */
const BAD_GATEWAY = 502;

const RETRY_SECONDS: Partial<Record<ErrorCode, number>> = {
  OVERLOADED: 2,
  NO_PROVIDER: 5,
  NO_WORKER: 5,
  NO_BID: 60,
  WORKER_UNAVAILABLE: 5,
  BACKEND_UNAVAILABLE: 5,
  SHUTTING_DOWN: 5,
  CHAIN_UNAVAILABLE: 5,
  CHAIN_TIMEOUT: 5,
  STORE_FAILED: 1,
  TIMEOUT: 2,
};

const HIDDEN: ReadonlySet<ErrorCode> = new Set(["INTERNAL", "STORE_FAILED"]);

export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? BAD_GATEWAY;
}

/** Any failure as the client sees it: a code of the closed list in lower case, a sentence, no inner detail. */
export function toHttpError(thrown: unknown): HttpError {
  const error = toCocoonError(thrown);
  const status = statusOf(error.code);
  const message = HIDDEN.has(error.code)
    ? "The gateway failed: its operator finds the cause in its log."
    : error.message;
  return {
    status,
    body: errorBody(error, message, status),
    retryAfterSeconds:
      typeof error.facts.retryAfterSeconds === "number"
        ? error.facts.retryAfterSeconds
        : error instanceof RetryableError || status === 503
          ? RETRY_SECONDS[error.code]
          : undefined,
  };
}

function errorBody(error: CocoonError, message: string, status: number): ErrorBody {
  const param = typeof error.facts.param === "string" ? error.facts.param : null;
  return { error: { message, type: typeOf(error.code, status), param, code: error.code.toLowerCase() } };
}

function typeOf(code: ErrorCode, status: number): string {
  if (code === "INSUFFICIENT_FUNDS" || code === "SPEND_LIMIT_EXCEEDED") {
    return "insufficient_quota";
  }
  if (status === 401) {
    return "authentication_error";
  }
  if (status === 429) {
    return "rate_limit_error";
  }
  return status < 500 ? "invalid_request_error" : "api_error";
}
