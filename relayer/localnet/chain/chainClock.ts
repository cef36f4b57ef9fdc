import type { Clock } from "../../observe/clock";
import { badRequest } from "../apiError";

/** The one time of the chain: blocks, getters and checks of `valid_until` all read it. */
export interface ChainClock {
  nowSeconds(): number;
  offsetMs(): number;
  setOffset(offsetMs: number): void;
  /** The offset that makes the chain's time `seconds`; contracts rely on time never going back. */
  offsetFor(seconds: number): number;
}

export function createChainClock(clock: Clock): ChainClock {
  let offset = 0;
  const nowMs = (): number => clock.nowMs() + offset;
  return {
    nowSeconds: () => Math.floor(nowMs() / 1000),
    offsetMs: () => offset,
    setOffset(offsetMs) {
      offset = offsetMs;
    },
    offsetFor(seconds) {
      if (seconds * 1000 < nowMs() - 999) {
        throw badRequest("The chain's time cannot go back; revert to a snapshot instead");
      }
      return seconds * 1000 - clock.nowMs();
    },
  };
}
