import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FinalError } from "../../errors";

/** Two localnets that append to one journal would ruin it. Returns what releases the directory. */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, "lock");
  const owner = readOwner(file);
  // A container gives the same id to each run: our own id was left by a run that was killed.
  if (owner !== undefined && owner !== process.pid && isRunning(owner)) {
    throw new FinalError(
      "STORE_FAILED",
      "Another localnet uses this data directory. Stop it or use another directory.",
      { processId: owner },
    );
  }
  writeFileSync(file, process.pid.toString(), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

function readOwner(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function isRunning(processId: number): boolean {
  try {
    // Signal 0 only asks.
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}
