import { type AlertSink, createAlerter } from "../../alerts";
import type { Context } from "../context";
import { type Loop, startLoop } from "../loop";
import { alertsOf } from "./alertsOf";
import { readStanding } from "./readStanding";

/** Shows in the metrics how the provider stands, and tells the sinks what its operator must know. */
export function watchProvider(context: Context, sinks: readonly AlertSink[]): Loop {
  const { clock, log, policy, metrics, providerRaw } = context;
  const alerter = createAlerter({ sinks, source: providerRaw, clock, log });
  return startLoop(log, {
    name: "watch",
    everyMs: policy.watchMs,
    work: async () => {
      await alerter.report(alertsOf(await readStanding(context), policy));
      metrics.alerts.set(alerter.standing());
    },
  });
}
