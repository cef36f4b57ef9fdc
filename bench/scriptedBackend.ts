import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

export interface ScriptedBackend {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `scriptedBackend.cjs` in a process of its own. */
export async function startScriptedBackend(root: string): Promise<ScriptedBackend> {
  const child = spawn(process.execPath, [join(root, "bench", "scriptedBackend.cjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await firstLine(child);
  return { url: `http://127.0.0.1:${port}/v1`, stop: () => stopChild(child) };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The scripted backend ended with status ${code}.`)));
    child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8").trim()));
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await ended;
}
