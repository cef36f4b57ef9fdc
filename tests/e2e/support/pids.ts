import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 20;
const GONE_MS = 20_000;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills without warning, and returns once the process is gone. */
export async function killHard(pid: number): Promise<void> {
  if (isAlive(pid)) {
    process.kill(pid, "SIGKILL");
  }
  await untilGone([pid]);
}

/** @throws when one of them still runs after 20 s */
export async function untilGone(pids: readonly number[]): Promise<void> {
  const end = Date.now() + GONE_MS;
  while (pids.some(isAlive)) {
    if (Date.now() > end) {
      throw new Error(`Still running: ${pids.filter(isAlive).join(", ")}.`);
    }
    await pause(POLL_MS);
  }
}

/** Every process below `pid`, however deep. */
export function descendantsOf(pid: number): readonly number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): readonly number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}
