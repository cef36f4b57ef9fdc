import type { CocoonError, ErrorCode } from "../errors";

/** The HTTP status of an error: 4xx asks for another request, 5xx for another worker or time. */
export function statusOfError(code: ErrorCode): number {
  switch (code) {
    case "UNAUTHORIZED":
      return 401;
    case "INSUFFICIENT_FUNDS":
    case "COST_LIMIT_EXCEEDED":
    case "SPEND_LIMIT_EXCEEDED":
    case "JOB_EXPIRED":
      return 402;
    case "BAD_AUTHORIZATION":
    case "WRONG_NETWORK":
    case "WRONG_JOB":
      return 403;
    case "NOT_FOUND":
    case "JOB_NOT_ACTIVE":
      return 404;
    case "SEALED_REPLAYED":
      return 409;
    case "STALE_KEY":
      return 410;
    case "BODY_TOO_LARGE":
    case "SEALED_TOO_LARGE":
      return 413;
    case "BAD_REQUEST":
    case "UNSUPPORTED_PARAMETER":
    case "CONTEXT_TOO_LONG":
    case "SEALED_MALFORMED":
    case "SEALED_TRUNCATED":
    case "SEALED_UNREADABLE":
    case "SEALED_EXPIRED":
      return 400;
    case "BACKEND_UNAVAILABLE":
    case "BACKEND_REFUSED":
      return 502;
    case "OVERLOADED":
    case "WORKER_UNAVAILABLE":
    case "SHUTTING_DOWN":
      return 503;
    case "TIMEOUT":
      return 504;
    default:
      return 500;
  }
}

/** An error as OpenAI's clients read it, spelled like the gateway's own. What went wrong inside the worker is not told. */
export function openAiError(error: CocoonError, status: number): string {
  const message = error.code === "INTERNAL" ? "The worker failed." : error.message;
  const type = status < 500 ? "invalid_request_error" : "api_error";
  const param = typeof error.facts.param === "string" ? error.facts.param : null;
  return JSON.stringify({ error: { message, type, param, code: error.code.toLowerCase() } });
}
