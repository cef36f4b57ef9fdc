import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createMetrics as gatewayMetrics } from "../../../relayer/gateway/metrics";
import { createMetrics as providerMetrics } from "../../../relayer/provider/metrics";
import { createMetrics as workerMetrics } from "../../../relayer/worker/metrics";

const FILE = join(__dirname, "..", "..", "..", "docs", "grafana", "cocoon.json");
const dashboardSchema = z.object({
  panels: z.array(
    z.looseObject({
      title: z.string(),
      type: z.string(),
      targets: z.array(z.looseObject({ expr: z.string() })).default([]),
    }),
  ),
});

/** Every name that the three processes show: histograms with their series. */
async function shownNames(): Promise<ReadonlySet<string>> {
  const standing = { isReady: async () => true, inFlight: () => 0, capacity: 1, keysEnd: () => 0 };
  const health = () => ({ providers: 0, models: 0, jobs: 0, unfollowed: 0, inFlight: 0 });
  const texts = await Promise.all([
    providerMetrics().registry.metrics(),
    workerMetrics(standing).registry.metrics(),
    gatewayMetrics({ health }).text(),
  ]);
  const names = new Set<string>();
  for (const [, name = "", type] of texts.join("\n").matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    names.add(name);
    if (type === "histogram") {
      for (const suffix of ["bucket", "sum", "count"]) {
        names.add(`${name}_${suffix}`);
      }
    }
  }
  return names;
}

describe("the Grafana dashboard", () => {
  const { panels } = dashboardSchema.parse(JSON.parse(readFileSync(FILE, "utf8")));

  it("asks for nothing that no process shows", async () => {
    const shown = await shownNames();
    const asked = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/cocoon_[a-z_]+/g) ?? []),
    );
    expect(new Set(asked).size).toBeGreaterThan(20);
    expect(asked.filter((name) => !shown.has(name))).toEqual([]);
  });

  it("has a question in each panel", () => {
    const empty = panels.filter(({ type, targets }) => type !== "row" && targets.length === 0);
    expect(empty).toEqual([]);
  });
});
