import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { z } from "zod";
import { FinalError } from "../../errors";
import type { Log } from "../../observe/log";
import { sendError, sendJson } from "../serve/httpError";
import { listen } from "../serve/listen";
import { readBody } from "../serve/readBody";
import type { WorkerSet } from "../workers/workerSet";
import type { WorkersFile } from "../workers/workersFile";
import { toWorkerUrl } from "../workers/workerUrl";

const HOST = "127.0.0.1";
const LIMITS = { maxBytes: 4_096, timeoutMs: 5_000 };
/** In the data directory: where the routes are, and what opens them. */
export const ADMIN_FILE = "admin.json";

export interface AdminOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Gets `admin.json`, which only the relayer's own user may read. */
  readonly dataDir: string;
  readonly workers: WorkerSet;
  /** Changes are written there too, so that a restart keeps them. */
  readonly file: WorkersFile | undefined;
  readonly log: Log;
}

const urlSchema = z.strictObject({ url: z.string().max(2_048) });

/**
 * The routes that change a running relayer: `GET /workers`, `POST /workers` and `DELETE /workers` with `{"url"}`. On the
 * loopback interface alone, and for those who can read the token in `admin.json`.
 */
export async function startAdmin(options: AdminOptions): Promise<{ close(): Promise<void> }> {
  const token = randomBytes(32).toString("hex");
  const server = createServer((request, response) => {
    answer(options, token, request)
      .then((body) => sendJson(response, 200, body))
      .catch((thrown: unknown) => refuse(options.log, response, thrown));
  });
  const port = await listen(server, HOST, options.port);
  const path = join(options.dataDir, ADMIN_FILE);
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  await writeFile(path, JSON.stringify({ url: `http://${HOST}:${port}`, token }), { mode: 0o600 });
  await chmod(path, 0o600);
  return {
    async close() {
      await rm(path, { force: true });
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(options: AdminOptions, token: string, request: IncomingMessage): Promise<object> {
  if (!isToken(request.headers.authorization, token)) {
    throw new FinalError("UNAUTHORIZED", "The token of admin.json is missing or wrong.");
  }
  const { workers, file } = options;
  if (request.url !== "/workers") {
    throw new FinalError("NOT_FOUND", "There is no such call here.");
  }
  if (request.method === "GET") {
    return { workers: workers.list() };
  }
  const url = await urlOf(request);
  if (request.method === "POST") {
    await file?.append(url);
    workers.add(url);
  } else if (request.method === "DELETE") {
    if (!workers.list().some((worker) => worker.url === url)) {
      throw new FinalError("NOT_FOUND", "No such worker is here: see the list of workers.", { url });
    }
    await file?.remove(url);
    void workers.drain(url);
  } else {
    throw new FinalError("NOT_FOUND", "There is no such call here.");
  }
  return { workers: workers.list(), kept: file !== undefined };
}

async function urlOf(request: IncomingMessage): Promise<string> {
  const body = await readBody(request, LIMITS);
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The body is not JSON.", {}, { cause });
  }
  const parsed = urlSchema.safeParse(json);
  if (!parsed.success) {
    throw new FinalError("BAD_REQUEST", 'The body must be {"url": "http://HOST:PORT"}.');
  }
  return toWorkerUrl(parsed.data.url);
}

function isToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function refuse(log: Log, response: ServerResponse, thrown: unknown): void {
  const { code, message } = sendError(response, thrown);
  log.warn({ msg: "admin call refused", code, detail: message });
}
