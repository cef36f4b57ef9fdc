import { setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { FinalError } from "../../errors";
import type { Context } from "../context";
import { showAttestationReport } from "./attestationReport";
import { sendError, sendJson } from "./httpError";
import { listen } from "./listen";
import { readBody } from "./readBody";
import { takeCosignature } from "./serveCosign";
import { takeRelease } from "./serveRelease";
import { serveSealed, stopping, type Traffic } from "./serveSealed";
import { listWorkers, showHealth, showJob, showReadiness, showReceipt, showTask } from "./views";

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_JSON_BYTES = 8 * 1024;
const MAX_CONNECTIONS = 4_096;
const HEADERS_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;
const DRAIN_POLL_MS = 20;
const RECEIPTS = "/v1/receipts/";
const TASKS = "/v1/tasks/";
const JOBS = "/v1/jobs/";

export interface ProviderServer {
  readonly url: string;
  /** Admits nothing new, hands back what waits, lets what runs end within the policy's `stopMs`, then breaks it off. */
  close(): Promise<void>;
}

export async function startServer(
  context: Context,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ProviderServer> {
  const traffic: Traffic = {
    count: 0,
    bodyBytes: 0,
    closing: false,
    handBack: new AbortController(),
    abort: new AbortController(),
  };
  // Each request in flight listens: more than ten are no leak.
  setMaxListeners(0, traffic.handBack.signal, traffic.abort.signal);
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      if (request.method === "POST" && request.url === "/v1/sealed") {
        void serveSealed(context, traffic, { request, response });
        return;
      }
      answer(context, traffic, { request, response }).catch((thrown: unknown) => {
        const error = sendError(response, thrown);
        context.log.info({ msg: "call refused", path: request.url, code: error.code, detail: error.message });
      });
    },
  );
  server.headersTimeout = HEADERS_MS;
  // Each body and answer has its own limit; a whole-request limit would cut long answers.
  server.requestTimeout = 0;
  server.maxConnections = MAX_CONNECTIONS;
  const bound = await listen(server, host, port);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    async close() {
      traffic.closing = true;
      traffic.handBack.abort(stopping());
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const limit = performance.now() + context.policy.stopMs;
      while (traffic.count > 0 && performance.now() < limit) {
        await pause(DRAIN_POLL_MS);
      }
      traffic.abort.abort();
      server.closeAllConnections();
      await ended;
      // Handlers note their outcome after their connection is gone.
      while (traffic.count > 0) {
        await pause(DRAIN_POLL_MS);
      }
    },
  };
}

async function answer(
  context: Context,
  traffic: Traffic,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  if (request.method === "POST" && path === "/v1/jobs/release") {
    sendJson(response, 200, await takeRelease(context, await readJson(context, request)));
    return;
  }
  if (request.method === "POST" && path === "/v1/heads/cosign") {
    const body = await readJson(context, request);
    try {
      sendJson(response, 200, await takeCosignature(context, body));
      context.metrics.cosignatures.inc({ outcome: "ok" });
    } catch (error) {
      context.metrics.cosignatures.inc({ outcome: "refused" });
      throw error;
    }
    return;
  }
  if (request.method !== "GET") {
    throw new FinalError("NOT_FOUND", "There is no such call here.");
  }
  if (path === "/v1/workers") {
    sendJson(response, 200, listWorkers(context));
  } else if (path.startsWith(RECEIPTS)) {
    sendJson(response, 200, await showReceipt(context, path.slice(RECEIPTS.length)));
  } else if (path.startsWith(JOBS)) {
    sendJson(response, 200, showJob(context, path.slice(JOBS.length)));
  } else if (path.startsWith(TASKS)) {
    sendJson(response, 200, await showTask(context, path.slice(TASKS.length)));
  } else if (path === "/v1/attestation/report") {
    sendJson(response, 200, await showAttestationReport(context, request.url ?? ""));
  } else if (path === "/healthz") {
    sendJson(response, 200, showHealth(context));
  } else if (path === "/readyz") {
    const ready = showReadiness(context, traffic);
    sendJson(response, ready.ok ? 200 : 503, ready);
  } else if (path === "/metrics") {
    const { registry } = context.metrics;
    const text = await registry.metrics();
    response.writeHead(200, { "content-type": registry.contentType });
    response.end(text);
  } else {
    throw new FinalError("NOT_FOUND", "There is no such call here.");
  }
}

async function readJson({ policy }: Context, request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, { maxBytes: MAX_JSON_BYTES, timeoutMs: policy.bodyMs });
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The body is not JSON.", {}, { cause });
  }
}
