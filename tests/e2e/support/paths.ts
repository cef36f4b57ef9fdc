import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { isAlive } from "./pids";

export const ROOT = resolve(__dirname, "..", "..", "..");
const WORK = join(ROOT, ".cocoon", "e2e");

/** An empty directory `.cocoon/e2e/NAME-PID`. Those of earlier runs stay until now, so that their logs can be read. */
export function freshDir(name: string): string {
  mkdirSync(WORK, { recursive: true });
  for (const entry of readdirSync(WORK)) {
    const pid = Number(entry.slice(name.length + 1));
    if (entry.startsWith(`${name}-`) && !isAlive(pid)) {
      rmSync(join(WORK, entry), { recursive: true, force: true });
    }
  }
  const dir = join(WORK, `${name}-${process.pid}`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  return dir;
}
