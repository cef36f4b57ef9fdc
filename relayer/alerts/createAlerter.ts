import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import type { Alert, AlertSink, Notice } from "./alert";

/** A condition must be gone for so long before it counts as over: what flaps sends one notice, not many. */
const QUIET_MS = 60_000;
/** While a condition stands, it is said again once a day. */
const REPEAT_MS = 86_400_000;

export interface Alerter {
  /** What stands now. Sends what is new, what has stood another day, and what is over. */
  report(alerts: readonly Alert[]): Promise<void>;
  standing(): number;
}

interface Standing {
  alert: Alert;
  seenAtMs: number;
  /** By sink: when it last took the notice. One that failed is tried again at the next report. */
  readonly sentAtMs: Map<AlertSink, number>;
}

export function createAlerter(deps: {
  readonly sinks: readonly AlertSink[];
  readonly source: string;
  readonly clock: Clock;
  readonly log: Log;
}): Alerter {
  const { sinks, source, clock, log } = deps;
  const standing = new Map<string, Standing>();

  const send = async (sink: AlertSink, notice: Notice): Promise<boolean> => {
    try {
      await sink.send(notice);
      return true;
    } catch (thrown) {
      // The error's text may hold the sink's address, and that its token.
      const kind = thrown instanceof Error ? thrown.name : "unknown";
      log.warn({ msg: "alert not taken", sink: sink.name, key: notice.alert.key, kind });
      return false;
    }
  };
  const sendFiring = async ({ alert, sentAtMs }: Standing, nowMs: number) => {
    for (const sink of sinks) {
      const last = sentAtMs.get(sink) ?? Number.NEGATIVE_INFINITY;
      if (nowMs - last >= REPEAT_MS && (await send(sink, { status: "firing", alert, source, atMs: nowMs }))) {
        sentAtMs.set(sink, nowMs);
      }
    }
  };
  const sendResolved = async (key: string, { alert, sentAtMs }: Standing, nowMs: number) => {
    for (const sink of [...sentAtMs.keys()]) {
      if (await send(sink, { status: "resolved", alert, source, atMs: nowMs })) {
        sentAtMs.delete(sink);
      }
    }
    if (sentAtMs.size === 0) {
      standing.delete(key);
      log.info({ msg: "alert over", key });
    }
  };

  return {
    standing: () => standing.size,
    async report(alerts) {
      const nowMs = clock.nowMs();
      for (const alert of alerts) {
        const known = standing.get(alert.key);
        if (known === undefined) {
          log.warn({ msg: "alert", key: alert.key, summary: alert.summary });
        }
        const entry = known ?? { alert, seenAtMs: nowMs, sentAtMs: new Map<AlertSink, number>() };
        entry.alert = alert;
        entry.seenAtMs = nowMs;
        standing.set(alert.key, entry);
      }
      for (const [key, entry] of [...standing]) {
        if (entry.seenAtMs === nowMs) {
          await sendFiring(entry, nowMs);
        } else if (nowMs - entry.seenAtMs >= QUIET_MS) {
          await sendResolved(key, entry, nowMs);
        }
      }
    },
  };
}
