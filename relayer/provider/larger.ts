/** `Math.max` for amounts. */
export function larger(left: bigint, right: bigint): bigint {
  if (left > right) {
    return left;
  }
  return right;
}
