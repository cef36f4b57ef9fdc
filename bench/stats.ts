/** The value that `fraction` of the samples do not exceed. Throws for no samples. */
export function quantile(samples: readonly number[], fraction: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
  if (value === undefined) {
    throw new RangeError("there are no samples");
  }
  return value;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Four significant digits: what a noisy machine can tell. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
