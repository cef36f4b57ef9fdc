/** The highest; Math.max and Math.min know no bigint. */
export function mostOf(first: bigint, ...others: readonly bigint[]): bigint {
  let most = first;
  for (const amount of others) {
    if (amount > most) {
      most = amount;
    }
  }
  return most;
}

export const leastOf = (left: bigint, right: bigint): bigint => (left < right ? left : right);
