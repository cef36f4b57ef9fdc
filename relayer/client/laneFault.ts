import { FinalError } from "../errors";

/** A rejection that nobody needs to be waiting for. */
export function rejected(error: FinalError): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => undefined);
  return promise;
}

/** Why a lane is refused from here on. */
export function invalid(message: string, index: number): FinalError {
  return new FinalError("RECEIPT_INVALID", message, { index });
}
