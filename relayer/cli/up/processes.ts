import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import { FinalError } from "../../errors";

const READY_MS = 60_000;
const POLL_MS = 50;
const STOP_MS = 8_000;
const LOG_LINES = 12;

/** The children that this command started, and only those. */
export interface Processes {
  /** Starts `cocoon ROLE` with these variables; its log goes to a file of its own. */
  start(role: string, env: Readonly<Record<string, string>>): Child;
  /** Runs a program to its end; throws with the end of its log when it fails. */
  run(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** Asks every child to stop, the last one first, and ends those that do not. */
  stop(): Promise<void>;
}

export interface Child {
  readonly role: string;
  readonly pid: number | undefined;
  /** Returns once `url` answers 200; throws when the child ends first or the time is up. */
  ready(url: string): Promise<void>;
}

export function createProcesses(options: { readonly root: string; readonly logDir: string }): Processes {
  const children: { readonly role: string; readonly child: ChildProcess }[] = [];
  const cli = join(options.root, "relayer", "cli", "cocoon.cjs");
  const logFile = (name: string) => join(options.logDir, `${name}.log`);

  const launch = (
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) => {
    const log = openSync(logFile(name), "a");
    // A group of its own: Ctrl-C reaches only this command, which then stops the children in order.
    const child = spawn(command, args, {
      cwd: options.root,
      env: { ...process.env, ...env },
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    return child;
  };

  return {
    start(role, env) {
      const child = launch(role, process.execPath, [cli, role], env);
      children.push({ role, child });
      return { role, pid: child.pid, ready: (url) => untilReady(role, child, url, logFile(role)) };
    },
    async run(name, command, args, env) {
      const child = launch(name, command, args, env);
      children.push({ role: name, child });
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once("exit", resolve);
        child.once("error", reject);
      });
      if (code !== 0) {
        throw new FinalError("INTERNAL", `${name} failed:\n${endOf(logFile(name))}`);
      }
      return readFileSync(logFile(name), "utf8");
    },
    async stop() {
      for (const { child } of [...children].reverse()) {
        await stopChild(child);
      }
    },
  };
}

async function untilReady(role: string, child: ChildProcess, url: string, log: string): Promise<void> {
  const end = Date.now() + READY_MS;
  while (Date.now() < end) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new FinalError("INTERNAL", `The ${role} ended at its start:\n${endOf(log)}`);
    }
    const status = await request(url, { headersTimeout: 1_000 })
      .then(async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      })
      .catch(() => 0);
    if (status === 200) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new FinalError("TIMEOUT", `The ${role} was not ready within ${READY_MS / 1000} s:\n${endOf(log)}`);
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}

function endOf(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-LOG_LINES).join("\n");
}
