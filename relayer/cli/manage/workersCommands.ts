import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { request } from "undici";
import { z } from "zod";
import { readConfig } from "../../config";
import { FinalError, RetryableError } from "../../errors";
import { colorsOf, type Io, table, toJson, withProgress } from "./output";

const ASK_MS = 5_000;
const POLL_MS = 300;

export interface WorkersOptions {
  readonly json?: boolean;
  /** The relayer's; COCOON_DATA_DIR by default. */
  readonly dataDir?: string;
  /** `--no-wait`: false. */
  readonly wait?: boolean;
}

const adminSchema = z.object({ url: z.url(), token: z.string() });
const listSchema = z.object({
  workers: z.array(
    z.object({
      url: z.string(),
      state: z.string(),
      key: z.string().optional(),
      model: z.string().optional(),
      inFlight: z.int(),
      queued: z.int(),
      capacity: z.int().optional(),
      attestedUntil: z.int().optional(),
    }),
  ),
  /** False: the change ends with the process. */
  kept: z.boolean().optional(),
});
type Listed = z.infer<typeof listSchema>;
const refusalSchema = z.object({ error: z.object({ message: z.string() }) });

export async function workersList(io: Io, options: WorkersOptions): Promise<void> {
  show(io, options, await askAdmin(io, options, { method: "GET" }));
}

export async function workersAdd(io: Io, url: string, options: WorkersOptions): Promise<void> {
  show(io, options, await askAdmin(io, options, { method: "POST", url }));
}

/** Waits, unless told otherwise, until nothing runs at the worker any more. */
export async function workersDrain(io: Io, url: string, options: WorkersOptions): Promise<void> {
  const told = await askAdmin(io, options, { method: "DELETE", url });
  const [drained] = told.workers.filter((worker) => isSame(worker.url, url));
  if (options.wait === false || drained === undefined) {
    show(io, options, told);
    return;
  }
  const last = async (): Promise<Listed> => {
    for (;;) {
      const now = await askAdmin(io, options, { method: "GET" });
      if (!now.workers.some((worker) => isSame(worker.url, url) && worker.state === "draining")) {
        return { ...now, ...(told.kept === undefined ? {} : { kept: told.kept }) };
      }
      await pause(POLL_MS);
    }
  };
  show(io, options, await withProgress(io, "Draining", last()));
}

function isSame(left: string, right: string): boolean {
  return left === right || `${left}/` === right;
}

function show(io: Io, options: WorkersOptions, { workers, kept }: Listed): void {
  if (options.json === true) {
    io.stdout.write(toJson({ workers, ...(kept === undefined ? {} : { kept }) }));
    return;
  }
  const rows = workers.map(({ url, state, model, inFlight, queued, capacity }) => [
    url,
    state,
    model ?? "-",
    `${inFlight}/${capacity ?? "-"}`,
    String(queued),
  ]);
  io.stdout.write(
    rows.length === 0
      ? "The relayer has no worker.\n"
      : table(["worker", "state", "model", "running", "queued"], rows),
  );
  if (kept === false) {
    const remark = "This lasts until the relayer restarts: change COCOON_WORKERS too, or use a workers file.";
    io.stdout.write(`${colorsOf(io).dim(remark)}\n`);
  }
}

async function askAdmin(
  io: Io,
  options: WorkersOptions,
  call: { readonly method: "GET" | "POST" | "DELETE"; readonly url?: string },
): Promise<Listed> {
  const dir = options.dataDir ?? readConfig("manage", io.env).COCOON_DATA_DIR;
  const { url, token } = await readAdmin(dir);
  const { statusCode, body } = await request(`${url}/workers`, {
    method: call.method,
    headers: { authorization: `Bearer ${token}` },
    ...(call.url === undefined ? {} : { body: JSON.stringify({ url: call.url }) }),
    headersTimeout: ASK_MS,
    bodyTimeout: ASK_MS,
  }).catch((cause: unknown) => {
    throw noRelayer(dir, cause);
  });
  const answer: unknown = await body.json();
  if (statusCode !== 200) {
    const refusal = refusalSchema.safeParse(answer);
    throw new FinalError("BAD_REQUEST", refusal.data?.error.message ?? `The relayer answers ${statusCode}.`);
  }
  return listSchema.parse(answer);
}

async function readAdmin(dir: string): Promise<z.infer<typeof adminSchema>> {
  try {
    return adminSchema.parse(JSON.parse(await readFile(join(dir, "admin.json"), "utf8")));
  } catch (cause) {
    throw noRelayer(dir, cause);
  }
}

function noRelayer(dir: string, cause: unknown): RetryableError {
  return new RetryableError(
    "WORKER_UNAVAILABLE",
    `No relayer runs here with its data in ${dir}: name its directory with --data-dir, and be its user.`,
    {},
    { cause },
  );
}
