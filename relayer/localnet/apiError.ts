import { CocoonError, type ErrorCode } from "../errors";

/** A refusal that reaches the caller as toncenter words it: `message` is the body's text, `status` the HTTP status. */
export class ApiError extends CocoonError {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    code: ErrorCode,
    message: string,
  ) {
    super(code, message);
  }
}

export const badRequest = (message: string): ApiError => new ApiError(422, "BAD_REQUEST", message);

export const notFound = (message: string): ApiError => new ApiError(404, "NOT_FOUND", message);

/** What a lite server answers when it cannot do as asked; toncenter passes it on with status 500. */
export const liteServerError = (detail: string): ApiError =>
  new ApiError(500, "CHAIN_REJECTED", `LITE_SERVER_UNKNOWN: ${detail}`);
