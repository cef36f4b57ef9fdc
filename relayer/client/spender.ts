import type { Call } from "../store";

/** Who pays, for what, and on which day. */
export interface Charge {
  readonly apiKeyId: string | undefined;
  readonly model: string;
  /** When the request was made; its cost counts for that day, however late it is known. */
  readonly atMs: number;
}

/** Whose allowance pays. Called once before and once after every call that may cost. */
export interface Spender {
  /** Throws `SPEND_LIMIT_EXCEEDED`. */
  reserve(charge: Charge, nano: bigint): Promise<void>;
  /** Never throws; books in the background. */
  settle(charge: Charge, cost: { readonly reservedNano: bigint; readonly costNano: bigint }): void;
}

/** For a client without API keys. */
export const freeSpender: Spender = { reserve: async () => {}, settle: () => {} };

/** Who pays for a call of an earlier time. */
export function chargeOf({
  apiKeyId,
  model,
  createdAt,
}: Pick<Call, "apiKeyId" | "model" | "createdAt">): Charge {
  return { apiKeyId, model, atMs: createdAt };
}
