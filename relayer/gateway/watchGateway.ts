import { setTimeout as pause } from "node:timers/promises";
import { type Alert, type AlertSink, createAlerter } from "../alerts";
import type { Client } from "../client";
import { toCocoonError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";

/** What is over sooner is no matter for anybody: a successor that is being opened, a first reading of the network. */
const STANDS_MS = 60_000;

type Health = ReturnType<Client["health"]>;

/** Tells the sinks what a gateway's operator must know. */
export interface GatewayWatch {
  look(): Promise<void>;
  run(signal: AbortSignal, everyMs: number): Promise<void>;
}

export function watchGateway(deps: {
  readonly client: Pick<Client, "health">;
  readonly sinks: readonly AlertSink[];
  /** Whose alerts they are. */
  readonly source: string;
  readonly clock: Clock;
  readonly log: Log;
}): GatewayWatch {
  const { client, clock, log } = deps;
  const alerter = createAlerter(deps);
  const sinceMs = new Map<string, number>();
  const look = async (): Promise<void> => {
    const alerts = alertsOf(client.health());
    const nowMs = clock.nowMs();
    for (const key of [...sinceMs.keys()].filter((known) => alerts.every((alert) => alert.key !== known))) {
      sinceMs.delete(key);
    }
    for (const { key } of alerts) {
      sinceMs.set(key, sinceMs.get(key) ?? nowMs);
    }
    await alerter.report(alerts.filter(({ key }) => nowMs - (sinceMs.get(key) ?? nowMs) >= STANDS_MS));
  };
  return {
    look,
    run: async (signal, everyMs) => {
      while (!signal.aborted) {
        await look().catch((thrown: unknown) =>
          log.error({ msg: "alerts not looked at", detail: toCocoonError(thrown).message }),
        );
        await pause(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    },
  };
}

function alertsOf({ models, unfollowed }: Health): readonly Alert[] {
  const noModel: Alert = {
    key: "no-model",
    severity: "critical",
    summary: "No model can be asked",
    advice:
      "The gateway's log says why providers and workers are not used, or which endpoint does not answer.",
  };
  const noSuccessor: Alert = {
    key: "successor",
    severity: "warning",
    summary: `${unfollowed} job${unfollowed === 1 ? "" : "s"} in use will end soon, and no other follows`,
    advice:
      "See `job not followed yet` in the gateway's log: a wallet that holds too little, a chain that does not answer, no provider with room.",
  };
  return [...(models === 0 ? [noModel] : []), ...(unfollowed > 0 ? [noSuccessor] : [])];
}
