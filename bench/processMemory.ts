import { readFileSync } from "node:fs";

/** Resident memory of a process, in MiB. */
export function rssMb(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8")
    .split("\n")
    .find((text) => text.startsWith("VmRSS:"));
  const kib = Number(line?.split(/\s+/)[1]);
  if (!Number.isFinite(kib)) {
    throw new Error(`The memory of process ${pid} cannot be read.`);
  }
  return kib / 1_024;
}
