const NANO = 1e9;
const DIGITS = 9;

/** An amount of TON in US dollars, as text: for people to read, never to calculate with. */
export function usdText(nano: bigint, usdPerTon: number): string {
  const text = ((Number(nano) / NANO) * usdPerTon).toFixed(DIGITS);
  return text.replace(/\.?0+$/, "");
}
