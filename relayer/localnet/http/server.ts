import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { toCocoonError } from "../../errors";
import type { Log } from "../../observe/log";
import { ApiError } from "../apiError";
import type { ApiContext, Methods } from "./context";
import { readBody } from "./readBody";
import { findRoute, v2Failure } from "./route";
import { createStreams, STREAM_PATH } from "./stream";
import { strikeRequest } from "./strikeRequest";

const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;

export interface HttpServer {
  readonly server: Server;
  close(): Promise<void>;
}

/** toncenter's API over a localnet. It has no authentication: listen on the loopback interface only. */
export function createHttpServer(context: ApiContext, control: Methods, log: Log): HttpServer {
  const streams = createStreams(context);
  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      log.error({ msg: "answer failed", error: toCocoonError(thrown).message });
      response.destroy();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "OPTIONS") {
      send(response, 200, {});
      return;
    }
    let failure: (error: ApiError) => unknown = v2Failure;
    try {
      const url = new URL(request.url ?? "/", "http://localhost");
      if (url.pathname === "/healthz") {
        send(response, 200, { ok: true, seqno: context.chain.ledger.finalBlock().seqno });
        return;
      }
      const body = await readBody(request);
      if (url.pathname === STREAM_PATH) {
        streams.open(body, response);
        return;
      }
      const route = findRoute({ path: url.pathname, query: url.searchParams, body }, control);
      failure = route.failure;
      if (route.control || (await strikeRequest(context.faults, route.target, request)) === "answer") {
        send(response, 200, await route.run(context));
      } else {
        response.destroy();
      }
    } catch (thrown) {
      const error = toApiError(thrown);
      log.debug({ msg: "request refused", path: request.url, status: error.status, error: error.message });
      send(response, error.status, failure(error));
    }
  };

  return {
    server,
    async close() {
      streams.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) {
    return thrown;
  }
  const { code, message } = toCocoonError(thrown);
  return new ApiError(500, code, message);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) {
    return;
  }
  response.writeHead(status, {
    "content-type": "application/json",
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "*",
  });
  response.end(JSON.stringify(body));
}
