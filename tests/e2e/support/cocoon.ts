import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "./paths";
import { descendantsOf } from "./pids";

const CLI = join(ROOT, "relayer", "cli", "cocoon.cjs");
const LOOK_MS = 200;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Every process that was seen below the command, and the command itself. */
  readonly pids: readonly number[];
}

export interface Command {
  readonly child: ChildProcess;
  /** All processes seen so far. */
  pids(): readonly number[];
  readonly ended: Promise<Ended>;
}

/** Runs `node relayer/cli/cocoon.cjs ARGS`, and notes every process that it starts. */
export function cocoon(args: readonly string[]): Command {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const pids = new Set<number>([child.pid ?? 0]);
  const look = () => {
    for (const pid of descendantsOf(child.pid ?? 0)) {
      pids.add(pid);
    }
  };
  const looking = setInterval(look, LOOK_MS);
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ended = Promise.all([code, text(child.stdout), text(child.stderr)]).then(
    ([exit, stdout, stderr]): Ended => ({ code: exit, stdout, stderr, pids: [...pids] }),
  );
  code.then(() => clearInterval(looking));
  return {
    child,
    pids: () => {
      look();
      return [...pids];
    },
    ended,
  };
}
