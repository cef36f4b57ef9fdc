import { z } from "zod";

/** Ways in which a real endpoint disappoints its clients, to be switched on by a test. */
export const FAULT_KINDS = [
  /** Answer with this HTTP status. */
  "http429",
  "http500",
  /** Keep the request for `value` milliseconds, then cut the connection. */
  "timeout",
  /** Answer after `value` milliseconds. */
  "delay",
  /** Accept an external message and forget it. */
  "dropExternal",
  /** Show every transaction of a page, or of a stream event, twice. */
  "duplicate",
  /** Leave out the older half of a page. */
  "truncatedPage",
  /** Leave out one transaction in the middle of a page. */
  "gap",
  /** Do not send a stream event. */
  "streamGap",
  /** Show the chain `value` more blocks late. Lasts until cleared. */
  "lag",
  /** The same for v3 lists alone: the indexer is behind the node. Lasts until cleared. */
  "indexerLag",
  /** Produce no blocks on the timer. Lasts until cleared. */
  "stopBlocks",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export const faultRequest = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  /** How many times it strikes. */
  count: z.int().min(1).max(1_000_000).default(1),
  value: z.int().min(0).max(120_000).default(0),
  /** Only requests whose method or path contains this. */
  match: z.string().max(200).default(""),
});

export type Fault = z.infer<typeof faultRequest>;

export interface Faults {
  set(fault: Fault): void;
  clear(): void;
  active(): readonly Fault[];
  /** The fault that strikes this request, if any; it counts as used. */
  strike(kind: FaultKind, target: string): Fault | undefined;
  /** The value of a lasting fault, 0 when it is off. */
  level(kind: "lag" | "indexerLag" | "stopBlocks"): number;
}

/** `onChange` runs whenever a lasting fault may have begun or ended. */
export function createFaults(onChange: () => void): Faults {
  const faults: { fault: Fault; left: number }[] = [];
  return {
    set(fault) {
      faults.push({ fault, left: fault.count });
      onChange();
    },
    clear() {
      faults.length = 0;
      onChange();
    },
    active: () => faults.map(({ fault, left }) => ({ ...fault, count: left })),
    strike(kind, target) {
      const position = faults.findIndex(({ fault }) => fault.kind === kind && target.includes(fault.match));
      const found = faults[position];
      if (found === undefined) {
        return undefined;
      }
      found.left--;
      if (found.left === 0) {
        faults.splice(position, 1);
      }
      return found.fault;
    },
    level(kind) {
      const levels = faults.filter(({ fault }) => fault.kind === kind).map(({ fault }) => fault.value || 1);
      return Math.max(0, ...levels);
    },
  };
}

/** A page of a list as a faulty server would show it. */
export function distortPage<T>(faults: Faults, target: string, page: readonly T[]): readonly T[] {
  let shown = page;
  if (faults.strike("truncatedPage", target) !== undefined) {
    shown = shown.slice(0, Math.floor(shown.length / 2));
  }
  if (faults.strike("gap", target) !== undefined) {
    const missing = Math.floor(shown.length / 2);
    shown = shown.filter((_, position) => position !== missing);
  }
  if (faults.strike("duplicate", target) !== undefined) {
    shown = shown.flatMap((item) => [item, item]);
  }
  return shown;
}
