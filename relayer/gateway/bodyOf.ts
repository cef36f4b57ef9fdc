import type { FastifyRequest } from "fastify";
import { FinalError } from "../errors";

/** The request's bytes as they came. Throws `BAD_REQUEST` when there are none. */
export function bodyOf(request: FastifyRequest): Uint8Array {
  if (!(request.body instanceof Uint8Array)) {
    throw new FinalError("BAD_REQUEST", "Send a JSON body with `content-type: application/json`.");
  }
  return request.body;
}
