import type { ServerResponse } from "node:http";
import { type CocoonError, type ErrorCode, toCocoonError } from "../../errors";

const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  BODY_TOO_LARGE: 413,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  SEALED_MALFORMED: 400,
  SEALED_TRUNCATED: 400,
  SEALED_TOO_LARGE: 413,
  SEALED_UNREADABLE: 400,
  SEALED_EXPIRED: 400,
  SEALED_REPLAYED: 409,
  WRONG_NETWORK: 400,
  WRONG_JOB: 400,
  STALE_KEY: 421,
  BAD_AUTHORIZATION: 401,
  INSUFFICIENT_FUNDS: 402,
  COST_LIMIT_EXCEEDED: 402,
  JOB_NOT_ACTIVE: 409,
  JOB_EXPIRED: 410,
  HEAD_INVALID: 400,
  NO_WORKER: 503,
  OVERLOADED: 429,
  WORKER_UNAVAILABLE: 503,
  BACKEND_UNAVAILABLE: 503,
  TIMEOUT: 504,
  SHUTTING_DOWN: 503,
  STORE_FAILED: 503,
};

export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500;
}

/** An error before the first frame. What is unexpected is told without its detail. */
export function sendError(response: ServerResponse, thrown: unknown): CocoonError {
  const error = toCocoonError(thrown);
  if (!response.headersSent && !response.destroyed) {
    const hidden = error.code === "INTERNAL" || error.code === "STORE_FAILED";
    const message = hidden ? "The relayer failed: its operator finds the cause in its log." : error.message;
    sendJson(
      response,
      statusOf(error.code),
      { error: { code: error.code, message } },
      { connection: "close" },
    );
  }
  return error;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
