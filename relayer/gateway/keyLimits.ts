import { leastGiven } from "../client/costs";

/** What a key may spend beside its total, in nanoton. Days are UTC's. */
export interface KeyLimits {
  readonly perRequestNano?: bigint | undefined;
  readonly perDayNano?: bigint | undefined;
  /** By model, each beside the key's own. */
  readonly models?: Readonly<Record<string, Omit<KeyLimits, "models">>> | undefined;
}

/** The most that one request of this model may cost. */
export function requestLimit(limits: KeyLimits, model: string): bigint | undefined {
  return leastGiven(limits.perRequestNano, ofModel(limits, model)?.perRequestNano);
}

/** A day's limits that a request of this model counts against; `scope` is empty for the key's own. */
export interface DayLimit {
  readonly scope: string;
  readonly limitNano: bigint;
}

export function dayLimits(limits: KeyLimits, model: string): readonly DayLimit[] {
  const own = limits.perDayNano;
  const models = ofModel(limits, model)?.perDayNano;
  return [
    ...(own === undefined ? [] : [{ scope: "", limitNano: own }]),
    ...(models === undefined ? [] : [{ scope: model, limitNano: models }]),
  ];
}

function ofModel({ models = {} }: KeyLimits, model: string): Omit<KeyLimits, "models"> | undefined {
  return Object.hasOwn(models, model) ? models[model] : undefined;
}
