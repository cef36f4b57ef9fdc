import type { Completion } from "../createClient";
import type { Outcome } from "../readAnswer";
import { usdText } from "../usd";
import { pricesBody } from "./modelBody";

/** What the gateway adds to an answer; everything else in it is the worker's. */
export interface CocoonField {
  readonly receipt: string;
  readonly job: string;
  readonly provider: string;
  readonly prices: ReturnType<typeof pricesBody>;
  readonly cost_nano?: string;
  readonly cost_usd?: string;
}

/** Told what an answer is called by the model's server, once: whatever stood there as its `id`. */
export type OnId = (id: unknown) => void;

export function cocoonField(
  completion: Completion,
  { costNano }: Outcome,
  usdPerTon: number | undefined,
): CocoonField {
  return {
    receipt: completion.requestId,
    job: completion.job,
    provider: completion.provider,
    prices: pricesBody(completion.prices),
    ...(costNano === undefined ? {} : { cost_nano: costNano.toString() }),
    ...(costNano === undefined || usdPerTon === undefined ? {} : { cost_usd: usdText(costNano, usdPerTon) }),
  };
}

/** The answer's JSON with `usage.cost_nano` and `cocoon`; undefined when it is no JSON object. `onId` gets its id. */
export function augment(text: string, cocoon: CocoonField, onId?: OnId): string | undefined {
  const parsed = parseObject(text);
  if (parsed === undefined) {
    return undefined;
  }
  onId?.(parsed.id);
  const { usage } = parsed;
  const priced =
    isObject(usage) && cocoon.cost_nano !== undefined
      ? { usage: { ...usage, cost_nano: cocoon.cost_nano } }
      : {};
  return JSON.stringify({ ...parsed, ...priced, cocoon });
}

export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
