import type { Context } from "../context";
import { takesRequests, type WorkerEntry } from "./pool";
import { isStruck } from "./workerEntry";
import { toWorkerUrl } from "./workerUrl";

/** What a worker is doing, in one word. */
export type WorkerState = "serving" | "attesting" | "draining" | "backend down" | "dead" | "struck off";

export interface WorkerInfo {
  readonly url: string;
  readonly state: WorkerState;
  /** Its receipt key in hex; undefined while it has never answered. */
  readonly key: string | undefined;
  readonly model: string | undefined;
  readonly inFlight: number;
  readonly queued: number;
  readonly capacity: number | undefined;
  /** Unix seconds. */
  readonly attestedUntil: number | undefined;
}

/** A provider's workers, changed while requests run. */
export interface WorkerSet {
  list(): readonly WorkerInfo[];
  add(url: string): void;
  /** Nothing new goes there; resolves once nothing runs there any more. Throws `NOT_FOUND`. */
  drain(url: string): Promise<void>;
  /** Exactly these: the missing ones are added, the others drain. */
  set(urls: readonly string[]): void;
}

export function createWorkerSet({ pool }: Pick<Context, "pool">, onAdded: () => void): WorkerSet {
  const add = (url: string) => {
    pool.add(url);
    onAdded();
  };
  return {
    list: () => listWorkerInfos({ pool }),
    add,
    drain: (url) => pool.drain(url),
    set: (urls) => {
      // All of them are read before any is touched: a wrong one changes nothing.
      const wanted = new Set(urls.map(toWorkerUrl));
      for (const entry of pool.all().filter(({ url, draining }) => !draining && !wanted.has(url))) {
        void pool.drain(entry.url);
      }
      for (const url of wanted) {
        add(url);
      }
    },
  };
}

export function listWorkerInfos({ pool }: Pick<Context, "pool">): readonly WorkerInfo[] {
  return pool.all().map(infoOf);
}

function infoOf(entry: WorkerEntry): WorkerInfo {
  const { identity, slots } = entry;
  return {
    url: entry.url,
    state: stateOf(entry),
    key: identity?.receiptKey,
    model: identity?.model,
    inFlight: slots.inUse(),
    queued: slots.waiting(),
    capacity: identity?.capacity,
    attestedUntil: entry.onChain?.expiresAt,
  };
}

function stateOf(entry: WorkerEntry): WorkerState {
  if (entry.draining) {
    return "draining";
  }
  if (!entry.alive) {
    return "dead";
  }
  if (isStruck(entry)) {
    return "struck off";
  }
  if (!takesRequests(entry)) {
    return "backend down";
  }
  return entry.onChain === undefined ? "attesting" : "serving";
}
