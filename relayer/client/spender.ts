/** Whose allowance pays. Called once before and once after every call that may cost. */
export interface Spender {
  /** Throws `SPEND_LIMIT_EXCEEDED`. */
  reserve(apiKeyId: string | undefined, nano: bigint): Promise<void>;
  /** Never throws; books in the background. */
  settle(
    apiKeyId: string | undefined,
    cost: { readonly reservedNano: bigint; readonly costNano: bigint },
  ): void;
}

/** For a client without API keys. */
export const freeSpender: Spender = { reserve: async () => {}, settle: () => {} };
