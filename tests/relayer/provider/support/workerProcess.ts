import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../../../../relayer/cli/up/plan";
import { toHex } from "../../../../relayer/protocol";
import { IMAGE_HASH, MODEL_HASH, PLATFORM_SEED } from "../../support/deployNetwork";
import { until } from "../../support/until";

const CLI = join(__dirname, "..", "..", "..", "..", "relayer", "cli", "cocoon.cjs");
/** Loading the sources takes seconds where many tests share a machine. */
const BOOT_MS = 90_000;

/** A worker as an operator runs it, `cocoon worker` in a process of its own: it can be killed, frozen and stopped. */
export interface WorkerProcess {
  readonly url: string;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): void;
  /** The exit code; undefined after a signal. */
  ended(): Promise<number | undefined>;
  close(): Promise<void>;
}

export async function startWorkerProcess(options: {
  readonly backendUrl: string;
  readonly model: string;
  readonly modelHash?: Uint8Array;
  readonly capacity?: number;
}): Promise<WorkerProcess> {
  const port = await freePort(0);
  const child: ChildProcess = spawn(process.execPath, [CLI, "worker"], {
    env: {
      ...process.env,
      COCOON_LOG_LEVEL: "silent",
      COCOON_WORKER_PORT: String(port),
      COCOON_BACKEND_URL: options.backendUrl,
      COCOON_MODEL_NAME: options.model,
      COCOON_MODEL_HASH: toHex(options.modelHash ?? MODEL_HASH),
      COCOON_CONTEXT_LENGTH: "4096",
      COCOON_MAX_OUTPUT_TOKENS: "1024",
      COCOON_MAX_CONCURRENT: String(options.capacity ?? 64),
      COCOON_QUOTE_SOURCE: "development",
      COCOON_DEV_PLATFORM_SEED: toHex(PLATFORM_SEED),
      COCOON_IMAGE_HASH: toHex(IMAGE_HASH),
    },
    stdio: "ignore",
  });
  const exit = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const isUp = async () => {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  };
  await until("the worker's process answers", isUp, BOOT_MS);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    url,
    signal: (name) => {
      child.kill(name);
    },
    ended: async () => {
      await exit;
      return child.exitCode ?? undefined;
    },
    close: async () => {
      if (!isOver()) {
        child.kill("SIGKILL");
        await exit;
      }
    },
  };
}
