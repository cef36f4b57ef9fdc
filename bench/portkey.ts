import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { request } from "undici";

const READY_MS = 60_000;

export interface Portkey {
  readonly url: string;
  /** What tells Portkey where to send a request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * The gateway of @portkey-ai/gateway in front of an OpenAI-compatible server, as its own start script runs it. Its
 * stream reader waits 25 ms on the first chunk of every stream, by design.
 */
export async function startPortkey(backendUrl: string): Promise<Portkey> {
  const port = await freePort();
  const script = require.resolve("@portkey-ai/gateway/build/start-server.js");
  const child = spawn(process.execPath, [script, `--port=${port}`, "--headless"], { stdio: "ignore" });
  const { pid } = child;
  if (pid === undefined) {
    throw new Error("Portkey has no process.");
  }
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const end = Date.now() + READY_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > end) {
      await stop();
      throw new Error("Portkey did not start.");
    }
    await pause(100);
  }
  const headers = {
    authorization: "Bearer unused",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": backendUrl,
  };
  return { url: `${url}/v1`, headers, pid, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    const { body } = await request(url, { headersTimeout: 1_000 });
    await body.dump();
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
