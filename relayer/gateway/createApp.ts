import fastify, { type FastifyInstance } from "fastify";
import { toHttpError } from "../client/openai";
import { FinalError, toCocoonError } from "../errors";
import { MAX_REQUEST_BODY } from "../protocol";
import { completionRoutes } from "./completionRoutes";
import type { Context } from "./context";
import { conventionRoutes } from "./conventionRoutes";
import { estimateRoutes } from "./estimateRoutes";
import { infoRoutes } from "./infoRoutes";
import { jobRoutes } from "./jobRoutes";
import { receiptRoutes } from "./receiptRoutes";

/** A client has this long to send its whole request. */
const REQUEST_TIMEOUT_MS = 120_000;

/** The HTTP application, without a port. */
export function createApp(context: Context): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_REQUEST_BODY,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: "idle",
  });
  // Bodies stay the bytes they were: what is sealed is what the client sent.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((thrown, request, reply) => {
    const error = fromFastify(thrown);
    const { status, body, retryAfterSeconds } = toHttpError(error);
    const { code, message } = toCocoonError(error);
    const write = status >= 500 ? context.log.error : context.log.info;
    write({ msg: "request refused", route: request.routeOptions.url, status, code, detail: message });
    if (retryAfterSeconds !== undefined) {
      reply.header("retry-after", String(retryAfterSeconds));
    }
    if (code === "BODY_TOO_LARGE") {
      // Fastify would close the connection now, and a client that is still writing would see a broken pipe instead of
      // the answer. Left open, Node reads the rest off, for the request's timeout at most.
      reply.removeHeader("connection");
    }
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((_request, reply) => {
    const { status, body } = toHttpError(
      new FinalError(
        "NOT_FOUND",
        "Nothing is served at this path by this method: paths begin with /v1, as in POST /v1/chat/completions.",
      ),
    );
    return reply.code(status).send(body);
  });
  completionRoutes(app, context);
  conventionRoutes(app, context);
  estimateRoutes(app, context);
  infoRoutes(app, context);
  jobRoutes(app, context);
  receiptRoutes(app, context);
  return app;
}

/** Fastify's own refusals (size, length, timeouts) in our codes. */
function fromFastify(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !("statusCode" in thrown) || typeof thrown.statusCode !== "number") {
    return thrown;
  }
  if (thrown.statusCode === 413) {
    return new FinalError("BODY_TOO_LARGE", "The request is larger than 8 MiB.", {}, { cause: thrown });
  }
  return thrown.statusCode < 500
    ? new FinalError("BAD_REQUEST", "The request is not well formed HTTP.", {}, { cause: thrown })
    : thrown;
}
