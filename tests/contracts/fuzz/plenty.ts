/** More than any message needs, at any of the price lists. */
export const PLENTY = 200_000_000n;
