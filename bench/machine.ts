import { cpus, loadavg } from "node:os";

/** What a number depends on, without telling whose machine it was. */
export function describeMachine(): string {
  const all = cpus();
  const model = all[0]?.model.trim() ?? "unknown CPU";
  const [load = 0] = loadavg();
  return `${model}, ${all.length} cores, Node ${process.versions.node}, load ${load.toFixed(1)}`;
}
