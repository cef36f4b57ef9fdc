import type { IncomingMessage, ServerResponse } from "node:http";
import { FinalError, toCocoonError } from "../../errors";
import { statusOfError } from "../openAiError";
import { reportAnswer } from "./attestationReport";
import { recordsAnswer } from "./laneRecords";
import {
  healthAnswer,
  identityAnswer,
  type JsonAnswer,
  type RouteDeps,
  readyAnswer,
  serveBind,
  serveLane,
  serveSealed,
  serveStop,
} from "./routes";
import { serveTask } from "./serveTask";

const LANES = "/v1/lanes/";
const RECORDS = "/records?";
const REPORT = "/v1/attestation/report";

/** The worker's HTTP handler. Plain `node:http`: a sealed answer is raw bytes, and no framework may touch or log it. */
export function createHandler(deps: RouteDeps): (request: IncomingMessage, response: ServerResponse) => void {
  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = `${request.method ?? ""} ${request.url ?? ""}`;
    if (call === "POST /v1/sealed") {
      await serveSealed(deps, request, response);
      return;
    }
    if (call === "GET /metrics") {
      const { registry } = deps.metrics;
      const text = await registry.metrics();
      response.writeHead(200, { "content-type": registry.contentType });
      response.end(text);
      return;
    }
    if (call === "GET /readyz") {
      const ready = await readyAnswer(deps);
      sendJson(response, ready.ok === true ? 200 : 503, ready);
      return;
    }
    sendJson(response, 200, await answerOf(call, request));
  };

  const answerOf = async (call: string, request: IncomingMessage): Promise<JsonAnswer> => {
    switch (call) {
      case "GET /v1/identity":
        return identityAnswer(deps);
      case "GET /healthz":
        return healthAnswer(deps);
      case "POST /v1/bind":
        return serveBind(deps, request);
      case "POST /v1/stop":
        return serveStop(deps, request);
      case "POST /v1/tasks":
        return serveTask(deps, request);
      default:
        if (call.startsWith(`GET ${LANES}`)) {
          const [job = "", query = ""] = call.slice(4 + LANES.length).split(RECORDS);
          return recordsAnswer(deps, decodeJob(job), query);
        }
        if (call.startsWith(`PUT ${LANES}`)) {
          return serveLane(deps, request, decodeJob(call.slice(4 + LANES.length)));
        }
        if (call.startsWith(`GET ${REPORT}?`)) {
          return reportAnswer(deps, call);
        }
        throw new FinalError("NOT_FOUND", "The worker has no such route.");
    }
  };

  return (request, response) => {
    route(request, response).catch((thrown: unknown) => {
      const error = toCocoonError(thrown);
      const status = statusOfError(error.code);
      // The message of an unknown failure could quote a prompt, so only its name is written.
      const cause = error.cause instanceof Error ? error.cause.name : undefined;
      deps.log[status === 500 ? "error" : "info"]({ msg: "request refused", code: error.code, cause });
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      const message = error.code === "INTERNAL" ? "The worker failed." : error.message;
      // Whatever was not read of the body would block the next request on this connection.
      const headers: Record<string, string> = request.complete ? {} : { connection: "close" };
      sendJson(response, status, { error: { code: error.code, message } }, headers);
    });
  };
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: JsonAnswer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

function decodeJob(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The job in the path is not valid.", {}, { cause });
  }
}
