import { DisputeBps, type Lane } from "./messages";

/** An amount that only a worker has signed, and that is paid when its date comes. Unix seconds. */
export interface WaitingClaim {
  readonly worker: bigint;
  readonly nano: bigint;
  readonly maturesAt: number;
}

/** What has neither been co-signed nor matured by that time, as a dispute would contest it. */
export function contestedClaims(lanes: Iterable<readonly [bigint, Lane]>, time: number): WaitingClaim[] {
  return [...lanes].flatMap(([worker, { settled, maturing, maturingAt, latest, latestAt }]) => {
    const first = { worker, nano: maturing - settled, maturesAt: Number(maturingAt) };
    const second = { worker, nano: latest - maturing, maturesAt: Number(latestAt) };
    // Amounts are cumulative: once the later one has matured, the earlier one has with it.
    if (latest > 0n && time >= second.maturesAt) {
      return [];
    }
    return [...(maturing > 0n && time < first.maturesAt ? [first] : []), ...(latest > 0n ? [second] : [])];
  });
}

/** What a lane has settled, with what has matured by that time and is not paid yet. */
export function settledBy({ settled, maturing, maturingAt, latest, latestAt }: Lane, time: number): bigint {
  if (latest > 0n && time >= Number(latestAt)) {
    return latest;
  }
  return maturing > 0n && time >= Number(maturingAt) ? maturing : settled;
}

export function sumOfClaims(claims: readonly WaitingClaim[]): bigint {
  return claims.reduce((sum, { nano }) => sum + nano, 0n);
}

/** The developer's bond when so much is contested. */
export function disputeBond(contestedNano: bigint): bigint {
  return (contestedNano * DisputeBps + 9_999n) / 10_000n;
}
